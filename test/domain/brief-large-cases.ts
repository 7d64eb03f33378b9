import type { BriefInput } from "../../src/domain/brief-material.ts";
import { at, briefInput, checkpoint, owned, progress, reason } from "./brief-input.ts";
import { HOSTILE, HOSTILE_NAMES } from "./hostile.ts";

const steps = (count: number, length: number, text = "x") =>
  Array.from({ length: count }, (_, n) => `${n + 1}. ${text.repeat(length)}`);

const hostile = Object.values(HOSTILE).flat();

/** The cases in which there is too much, or too much is tried. */
export const LARGE_CASES: Readonly<Record<string, { input: BriefInput; max_tokens?: number }>> = {
  hostile: {
    input: briefInput({
      task: {
        ...owned,
        title: hostile[0] ?? "",
        goal: hostile.slice(16, 30).join("\n"),
        described_by: HOSTILE_NAMES[0],
        current_owner: HOSTILE_NAMES[1],
        predecessor: {
          agent: HOSTILE_NAMES[2] ?? "",
          how: "handoff",
          reason: hostile.slice(0, 16).join("\n"),
          at: at(2),
        },
      },
      progress: {
        completed_steps: hostile.slice(44),
        remaining_steps: hostile.slice(30, 44),
        test_results: [],
        resume_prompt: hostile.slice(30).join("\n"),
      },
      checkpoint: { agent: HOSTILE_NAMES[3] },
    }),
    max_tokens: 3000,
  },
  tiny: {
    input: briefInput({
      task: {
        ...owned,
        repo_path: "/home/dev/app",
        predecessor: { agent: "claude-code", how: "handoff", reason, at: at(2) },
      },
      progress: { ...progress, completed_steps: steps(12, 20), context: "c" },
      checkpoint,
    }),
    max_tokens: 100,
  },
  huge: {
    input: briefInput({
      task: {
        ...owned,
        goal: "g ".repeat(32_000),
        predecessor: { agent: "claude-code", how: "handoff", reason, at: at(2) },
      },
      progress: {
        completed_steps: steps(256, 2000),
        remaining_steps: steps(256, 2000),
        test_results: Array.from({ length: 100 }, (_, n) => ({
          status: n % 2 === 0 ? ("failed" as const) : ("passed" as const),
          command: `run ${n}`,
          output: "o".repeat(16_000),
        })),
        resume_prompt: "Do the next step of the plan.",
        context: "c".repeat(64_000),
      },
      checkpoint,
    }),
  },
  "256-short-steps": {
    input: briefInput({
      task: owned,
      progress: { ...progress, completed_steps: steps(256, 8), remaining_steps: steps(30, 8) },
      checkpoint,
    }),
  },
  "long-next-action": {
    input: briefInput({
      task: owned,
      progress: { ...progress, resume_prompt: "Read the plan again, then go on. ".repeat(200) },
      checkpoint,
    }),
    max_tokens: 300,
  },
  cjk: {
    input: briefInput({
      task: { ...owned, title: "ログインの不具合を直す", goal: "登录时的认证错误 👩‍💻 ✔️" },
      progress: {
        completed_steps: steps(40, 10, "再現👍"),
        remaining_steps: ["修正を実装する"],
        resume_prompt: "次の行: 42。".repeat(30),
      },
      checkpoint: { agent: "エージェント" },
    }),
    max_tokens: 150,
  },
};

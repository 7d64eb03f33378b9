import type { BriefInput } from "../../src/domain/brief-material.ts";
import { artifact, at, briefInput, checkpoint, handoff, owned, progress, reason } from "./brief-input.ts";
import { LARGE_CASES } from "./brief-large-cases.ts";

/** Each case by the name of its golden file, with the tokens it may take. */
export const CASES: Readonly<Record<string, { input: BriefInput; max_tokens?: number }>> = {
  fresh: { input: briefInput() },
  checkpointed: {
    input: briefInput({ task: { ...owned, current_owner: "claude-code" }, progress, checkpoint }),
  },
  claimed: {
    input: briefInput({
      task: {
        ...owned,
        repo_path: "/home/dev/app",
        predecessor: { agent: "claude-code", how: "handoff", reason, at: at(2) },
      },
      progress,
      checkpoint,
      drift: { drift: [] },
    }),
  },
  "offered-to-one": {
    input: briefInput({
      task: { status: "handoff_ready", current_owner: "hermes", handoff: { ...handoff, to_agent: "hermes", reason } },
      progress,
      checkpoint,
    }),
  },
  "offered-to-all": {
    input: briefInput({
      task: { status: "handoff_ready", handoff: { ...handoff, lapsed_for: "hermes" } },
      progress,
      checkpoint,
    }),
  },
  exhausted: {
    input: briefInput({
      task: {
        status: "agent_exhausted",
        exhausted: { agent: "claude-code", reason: "rate_limit", resets_at: at(45), at: at(2) },
      },
      progress,
      checkpoint: { agent: "claude-code", created_at: at(2) },
    }),
  },
  forced: {
    input: briefInput({
      task: {
        ...owned,
        predecessor: { agent: "claude-code", how: "forced", reason: "It hangs.\nI need it by noon.", at: at(3) },
      },
      progress,
      checkpoint,
    }),
  },
  lapsed: {
    input: briefInput({
      task: { ...owned, predecessor: { agent: "claude-code", how: "lapsed", at: at(2) } },
      progress: { ...progress, resume_prompt: undefined },
      checkpoint,
    }),
  },
  released: {
    input: briefInput({
      task: { predecessor: { agent: "claude-code", how: "released", at: at(2) } },
      progress,
      checkpoint,
    }),
  },
  bounced: {
    input: briefInput({
      task: {
        ...owned,
        predecessor: { agent: "claude-code", how: "handed_over", at: at(2) },
        attempts: [
          { agent: "lone", count: 1 },
          { agent: "claude-code", count: 3 },
          { agent: "hermes", count: 4 },
        ],
        bounced: { between: ["claude-code", "hermes"], times: 6 },
      },
      progress,
      checkpoint,
    }),
  },
  done: {
    input: briefInput({
      task: { status: "done", current_owner: "hermes" },
      progress: { completed_steps: ["All of it"], remaining_steps: [], test_results: [] },
      checkpoint: { agent: undefined },
    }),
  },
  "several-authors": {
    input: briefInput({
      task: { ...owned, described_by: undefined },
      progress: {
        ...progress,
        test_results: [
          { status: "passed", suite: "unit", passed: 12 },
          {
            status: "failed",
            suite: "e2e",
            command: "bun test e2e",
            passed: 3,
            failed: 1,
            output: "expected 1\n  got 2",
          },
          { status: "error", command: "make" },
        ],
        context: "Dead end: sessions.\nDecision: tokens.",
      },
      checkpoint: {
        number: 4,
        agent: "hermes",
        created_at: at(5),
        origins: {
          completed_steps: { agent: "hermes", at: at(5) },
          remaining_steps: { agent: "claude-code", at: at(1) },
          test_results: { agent: "hermes", at: at(5) },
          resume_prompt: { agent: "claude-code", at: at(1) },
        },
      },
      artifacts: [
        artifact(1, "claude-code", "../etc/passwd"),
        artifact(2, "claude-code", "run 2"),
        artifact(3, undefined, "x"),
      ],
    }),
  },
  drifted: {
    input: briefInput({
      task: owned,
      progress,
      checkpoint,
      drift: {
        drift: [
          { kind: "branch", old: "main", new: "fix/login" },
          { kind: "head", new: "0123456789".repeat(4) },
          { kind: "file_changed", path: "auth/login.py", now: "modified" },
          { kind: "file_missing", path: `odd\u001b[31m${"long/".repeat(40)}~~~.py` },
          { kind: "more", count: 12 },
        ],
      },
    }),
  },
  "drift-unavailable": {
    input: briefInput({
      task: owned,
      progress,
      checkpoint,
      drift: { drift_unavailable: "git took longer than 2 s" },
    }),
  },
  ...LARGE_CASES,
};

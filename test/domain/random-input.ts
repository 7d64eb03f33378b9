import type { BriefInput } from "../../src/domain/brief-material.ts";
import { artifact, at, briefInput } from "./brief-input.ts";
import { HOSTILE, HOSTILE_NAMES } from "./hostile.ts";

/** Numbers that look random and are the same in every run. */
export interface Random {
  below(bound: number): number;
  pick<const T>(from: readonly [T, ...T[]]): T;
  maybe<T>(make: () => T): T | undefined;
}

/** mulberry32 by Tommy Ettinger, public domain. */
export function seeded(seed: number): Random {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number) => Math.floor(next() * bound);
  return {
    below,
    pick: ([first, ...others]) => others[below(others.length + 1)] ?? first,
    maybe: (make) => (below(2) === 0 ? make() : undefined),
  };
}

const SAMPLES = Object.values(HOSTILE).flat();

/** A text of one of many kinds and of a length between nothing and `longest`. */
function text(random: Random, longest: number): string {
  const unit = random.pick([
    "x",
    "word ",
    "日本語",
    "👩‍👩‍👧",
    "e\u0301",
    "~",
    "`",
    "\n",
    "~~~\n",
    "\t- [x] ",
    "\u202e",
    '"',
  ]);
  const length = random.pick([0, 1, 3, 20, 100, longest]);
  const sample = SAMPLES[random.below(SAMPLES.length * 3)] ?? "";
  return `${sample}${unit.repeat(Math.ceil(length / unit.length))}`.slice(0, longest).toWellFormed();
}

function list<T>(random: Random, most: number, make: () => T): T[] {
  return Array.from({ length: random.pick([0, 0, 1, 2, 5, 12, most]) }, make);
}

/** A task in any state, with texts of any kind and size, up to the limits of each field and hostile now and then. */
export function randomInput(random: Random): BriefInput {
  const name = () =>
    random.pick(["a", "claude-code", "エージェント", "x".repeat(64), HOSTILE_NAMES[random.below(4)] ?? "b"]);
  const time = () => at(random.below(60));
  const short = () => text(random, random.pick([20, 200, 2048]));
  const source = () => random.maybe(() => ({ agent: random.maybe(name), at: time() }));
  return briefInput({
    task: {
      task_id: random.pick(["t", "x".repeat(128)]),
      title: text(random, 200) || "t",
      goal: text(random, random.pick([100, 65_536])),
      repo_path: random.maybe(() => text(random, 4096)),
      status: random.pick(["open", "in_progress", "handoff_ready", "agent_exhausted", "done", "cancelled"]),
      current_owner: random.maybe(name),
      lease: random.maybe(() => ({ token: "t", seconds: 60, version: 1, expires: { at: time(), uptime: 0 }, left: 1 })),
      handoff: random.maybe(() => ({
        from_agent: name(),
        to_agent: random.maybe(name),
        reason: random.maybe(short),
        offered_at: time(),
        expires: { at: time(), uptime: 0 },
        lapsed_for: random.maybe(name),
      })),
      exhausted: random.maybe(() => ({
        agent: name(),
        reason: random.maybe(short),
        resets_at: random.maybe(time),
        at: time(),
      })),
      predecessor: random.maybe(() => ({
        agent: name(),
        how: random.pick(["handoff", "exhausted", "lapsed", "forced", "handed_over", "released"]),
        reason: random.maybe(short),
        at: time(),
      })),
      attempts: list(random, 64, () => ({ agent: name(), count: random.below(4) })),
      bounced: random.maybe(() => ({ between: [name(), name()] as const, times: random.below(9) })),
      described_by: random.maybe(name),
    },
    progress: {
      completed_steps: list(random, 256, short),
      remaining_steps: list(random, 256, short),
      test_results: list(random, 100, () => ({
        status: random.pick(["passed", "failed", "error", "skipped"]),
        suite: random.maybe(() => text(random, 200)),
        command: random.maybe(short),
        failed: random.maybe(() => random.below(1e9)),
        output: random.maybe(() => text(random, 16_384)),
      })),
      resume_prompt: random.maybe(() => text(random, random.pick([100, 65_536]))),
      context: random.maybe(() => text(random, 100)),
    },
    ...(random.below(4) > 0 && {
      checkpoint: {
        agent: random.maybe(name),
        created_at: time(),
        origins: random.maybe(() => ({
          completed_steps: source(),
          remaining_steps: source(),
          resume_prompt: source(),
        })),
      },
    }),
    artifacts: list(random, 40, () =>
      artifact(random.below(60), random.maybe(name), text(random, 200).replaceAll("\n", " ") || "a"),
    ),
    drift: random.pick([
      undefined,
      { drift: [] },
      { drift_unavailable: text(random, 300) },
      { drift: list(random, 200, () => ({ kind: "file_missing" as const, path: short() })) },
    ]),
  });
}

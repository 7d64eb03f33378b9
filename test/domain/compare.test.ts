import { describe, expect, test } from "bun:test";
import type { Checkpoint } from "../../src/domain/checkpoint.ts";
import { compareCheckpoints } from "../../src/domain/compare.ts";

function checkpoint(number: number, progress: Partial<Checkpoint>): Checkpoint {
  const none = { completed_steps: [], remaining_steps: [], test_results: [] };
  return { number, created_at: "2026-01-01T00:00:00.000Z", ...none, ...progress };
}

describe("two checkpoints compared", () => {
  const older = checkpoint(2, {
    completed_steps: ["kept", "reopened", "forgotten"],
    remaining_steps: ["planned", "dropped", "waiting"],
  });
  const newer = checkpoint(5, {
    completed_steps: ["kept", "planned", "unplanned"],
    remaining_steps: ["reopened", "waiting", "new"],
  });

  test("tell which steps were done, added, removed and reopened, in the order of the checkpoints", () => {
    expect(compareCheckpoints(older, newer)).toMatchObject({
      from: 2,
      to: 5,
      steps_done: ["planned", "unplanned"],
      steps_added: ["unplanned", "new"],
      steps_removed: ["forgotten", "dropped"],
      steps_reopened: ["reopened"],
    });
  });

  test("answer the same whichever way round they are given", () => {
    expect(compareCheckpoints(newer, older)).toEqual(compareCheckpoints(older, newer));
  });

  test("do not differ from themselves", () => {
    expect(compareCheckpoints(newer, newer)).toEqual({
      from: 5,
      to: 5,
      steps_done: [],
      steps_added: [],
      steps_removed: [],
      steps_reopened: [],
      tests_changed: [],
      texts_changed: [],
    });
  });

  test("tell tests that changed state, came and went, by suite and command; of several runs the last counts", () => {
    const before = checkpoint(1, {
      test_results: [
        { suite: "unit", status: "failed", failed: 3 },
        { suite: "unit", command: "bun test", status: "passed" },
        { command: "make", status: "error" },
        { suite: "gone", status: "passed" },
        { suite: "same", status: "failed", failed: 2 },
      ],
    });
    const after = checkpoint(2, {
      test_results: [
        { suite: "unit", status: "error" },
        { suite: "unit", status: "passed" },
        { suite: "unit", command: "bun test", status: "failed" },
        { command: "make", status: "error" },
        { suite: "same", status: "failed", failed: 1 },
        { status: "skipped" },
      ],
    });
    expect(compareCheckpoints(before, after).tests_changed).toEqual([
      { suite: "unit", command: undefined, was: "failed", now: "passed" },
      { suite: "unit", command: "bun test", was: "passed", now: "failed" },
      { suite: undefined, command: undefined, was: undefined, now: "skipped" },
      { suite: "gone", command: undefined, was: "passed", now: undefined },
    ]);
  });

  test("tell which texts differ", () => {
    const before = checkpoint(1, { resume_prompt: "a", context: "c" });
    expect(compareCheckpoints(before, checkpoint(2, { resume_prompt: "b", context: "c" })).texts_changed).toEqual([
      "resume_prompt",
    ]);
    expect(compareCheckpoints(before, checkpoint(2, {})).texts_changed).toEqual(["resume_prompt", "context"]);
  });
});

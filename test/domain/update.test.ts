import { describe, expect, test } from "bun:test";
import { STATUSES } from "../../src/domain/lifecycle.ts";
import { scenario } from "./scenario.ts";

describe("update_task", () => {
  test("by the owner to another name hands the task over at once, on record", () => {
    const task = scenario();
    task.checkpoint("a");
    expect(task.update("a", { current_owner: "b" })).toMatchObject({ status: "in_progress", current_owner: "b" });
    expect(task.events.at(-1)).toMatchObject({
      effects: ["handed_over"],
      changes: { current_owner: { old: "a", new: "b" } },
      agent: "a",
    });
  });

  test("without agent takes the task for current_owner where nobody owns it, and nowhere else", () => {
    const open = scenario();
    expect(open.update(undefined, { current_owner: "b" })).toMatchObject({ status: "in_progress", current_owner: "b" });
    expect(open.update(undefined, { current_owner: "c" })).toMatchObject({ code: "not_owner" });
    const offered = scenario();
    offered.handOff("a", { to_agent: "b" });
    expect(offered.update(undefined, { current_owner: "c", status: "in_progress" })).toMatchObject({
      code: "not_owner",
    });
    expect(offered.update(undefined, { current_owner: "b", status: "in_progress" })).toMatchObject({
      current_owner: "b",
    });
  });

  test("to handoff_ready or agent_exhausted is refused, naming the tool", () => {
    const task = scenario();
    task.checkpoint("a");
    expect(task.update("a", { status: "handoff_ready" })).toMatchObject({
      code: "illegal_transition",
      details: { tool: "handoff_task" },
    });
    expect(task.update("a", { status: "agent_exhausted" })).toMatchObject({
      code: "illegal_transition",
      details: { tool: "mark_exhausted" },
    });
  });

  test("to the present status is no transition, whoever asks", () => {
    for (const status of STATUSES) {
      const task = inStatus(status);
      const { version } = task.view().task;
      expect(task.update("stranger", { status })).toMatchObject({ status, version });
    }
  });

  test("finishes, releases, cancels and reopens", () => {
    const task = scenario();
    task.checkpoint("a");
    expect(task.update("a", { status: "open" })).toMatchObject({ status: "open", current_owner: undefined });
    expect(task.update("a", { status: "in_progress" })).toMatchObject({ current_owner: "a" });
    expect(task.update("a", { status: "done" })).toMatchObject({ status: "done", current_owner: "a" });
    expect(task.checkpoint("a")).toMatchObject({ code: "illegal_transition", details: { allowed: ["open"] } });
    expect(task.update("b", { status: "open" })).toMatchObject({ code: "not_owner" });
    expect(task.update("a", { status: "open" })).toMatchObject({ status: "open", current_owner: undefined });
    expect(task.update("b", { status: "cancelled" })).toMatchObject({ status: "cancelled" });
    const effects = task.events.flatMap((event) => event.effects);
    expect(effects).toEqual([
      "claimed",
      "checkpoint_saved",
      "released",
      "claimed",
      "finished",
      "reopened",
      "cancelled",
    ]);
  });

  test("with steps on an unowned task claims it and is judged from in_progress", () => {
    const task = scenario();
    task.checkpoint("a");
    task.exhaust("a");
    expect(task.update("b", { status: "done", completed_steps: ["all"] })).toMatchObject({
      status: "done",
      current_owner: "b",
    });
  });

  test("without steps on an exhausted task cannot finish it", () => {
    const task = scenario();
    task.checkpoint("a");
    task.exhaust("a");
    expect(task.update("b", { status: "done" })).toMatchObject({ code: "illegal_transition" });
  });

  test("with another expected_version is refused and says which it has", () => {
    const task = scenario();
    task.checkpoint("a");
    expect(task.update("a", { title: "New", expected_version: 1 })).toMatchObject({
      code: "version_mismatch",
      details: { expected_version: 1, version: 2 },
    });
    expect(task.update("a", { title: "New", expected_version: 2 })).toMatchObject({ version: 3 });
  });

  test("whose effect already stands changes nothing", () => {
    const task = scenario();
    task.checkpoint("a", { completed_steps: ["one"] });
    expect(task.update("a", { title: "Title", completed_steps: ["one"], current_owner: "a" })).toMatchObject({
      version: 2,
    });
    expect(task.events).toHaveLength(1);
  });

  test("of an open task to open with an owner is refused", () => {
    expect(scenario().update("a", { status: "open", current_owner: "a" })).toMatchObject({ code: "invalid" });
  });
});

describe("a checkpoint", () => {
  test("is a full snapshot: what is left out keeps its last value", () => {
    const task = scenario();
    task.checkpoint("a", { completed_steps: ["one"], remaining_steps: ["two"], context: "facts" });
    task.checkpoint("a", { completed_steps: ["one", "two"], remaining_steps: [] });
    expect(task.view().progress).toEqual({
      completed_steps: ["one", "two"],
      remaining_steps: [],
      test_results: [],
      resume_prompt: undefined,
      context: "facts",
    });
    expect(task.events.at(-1)?.changes).toMatchObject({
      completed_steps: { old: { checkpoint: 1 }, new: { checkpoint: 2 } },
    });
  });

  test("that repeats the last one makes none", () => {
    const task = scenario();
    const first = task.checkpoint("a", { completed_steps: ["one"] });
    expect(task.checkpoint("a", { completed_steps: ["one"] })).toEqual(first);
  });

  test("of more than 1 MiB is refused", () => {
    const steps = Array.from({ length: 256 }, () => "x".repeat(2048));
    const context = "x".repeat(64 * 1024);
    expect(scenario().checkpoint("a", { completed_steps: steps, remaining_steps: steps, context })).toMatchObject({
      code: "too_large",
    });
  });
});

function inStatus(status: (typeof STATUSES)[number]) {
  const task = scenario();
  if (status === "open") {
    return task;
  }
  task.checkpoint("a");
  if (status === "handoff_ready") {
    task.handOff("a", { to_agent: "b" });
  } else if (status === "agent_exhausted") {
    task.exhaust("a");
  } else {
    task.update("a", { status });
  }
  return task;
}

describe("a contradictory update", () => {
  test("to a status that leaves nobody at work, for a new owner, is refused as such", () => {
    for (const status of ["done", "open", "cancelled"] as const) {
      const task = scenario();
      task.checkpoint("a");
      expect(task.update("a", { status, current_owner: "b" })).toMatchObject({ code: "invalid" });
      expect(task.view().task).toMatchObject({ status: "in_progress", current_owner: "a" });
    }
  });
});

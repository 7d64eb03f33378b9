import { describe, expect, test } from "bun:test";
import { scenario } from "./scenario.ts";

const owned = { status: "in_progress", current_owner: "a" };

describe("who owns a task", () => {
  test("nobody owns a new one; the first to checkpoint claims it", () => {
    const task = scenario();
    expect(task.view().task.current_owner).toBeUndefined();
    expect(task.checkpoint("a")).toMatchObject({ ...owned, checkpoint: 1, version: 2 });
    expect(task.events[0]?.effects).toEqual(["claimed", "checkpoint_saved"]);
  });

  test("a stranger's checkpoint, status or owner change is refused, naming the owner and since when", () => {
    const task = scenario();
    task.checkpoint("a");
    const since = task.view().task.owned_since;
    const strangers = [
      task.checkpoint("b"),
      task.update("b", { status: "done" }),
      task.update("b", { current_owner: "b" }),
      task.update("b", { resume_prompt: "mine" }),
      task.handOff("b", { to_agent: "c" }),
      task.exhaust("b"),
    ];
    for (const refused of strangers) {
      expect(refused).toMatchObject({ code: "not_owner", details: { current_owner: "a", owned_since: since } });
      expect(String(refused)).toContain('"a"');
    }
    expect(task.view().task.version).toBe(2);
  });

  test("anyone may edit title, goal, repo_path, priority and tags, and attach", () => {
    const task = scenario();
    task.checkpoint("a");
    const edit = { title: "New", goal: "New", repo_path: "/r", priority: 0, tags: ["x"] };
    expect(task.update("b", edit)).toMatchObject({ ...owned, version: 3 });
    expect(task.view().task).toMatchObject(edit);
    const artifact = {
      artifact_id: "i",
      name: "n",
      kind: "log",
      mime_type: "text/plain",
      size: 1,
      sha256: "s",
    } as const;
    expect(task.attach("b", artifact)).toMatchObject({ ...owned, version: 4 });
  });

  test("names are compared trimmed and case-folded", () => {
    const task = scenario();
    task.checkpoint("Claude Code");
    expect(task.checkpoint(" claude code ")).toMatchObject({ status: "in_progress", version: 3 });
  });
});

describe("an offer", () => {
  test("makes the addressee current_owner at once, and its first write of any kind accepts", () => {
    const writes = [
      (task: ReturnType<typeof scenario>) => task.checkpoint("b"),
      (task: ReturnType<typeof scenario>) => task.update("b", { title: "Read it" }),
      (task: ReturnType<typeof scenario>) => task.update(undefined, { status: "in_progress", current_owner: "b" }),
    ];
    for (const write of writes) {
      const task = scenario();
      task.checkpoint("a");
      expect(task.handOff("a", { to_agent: "b", reason: "limit" })).toMatchObject({
        status: "handoff_ready",
        current_owner: "b",
      });
      expect(write(task)).toMatchObject({ status: "in_progress", current_owner: "b" });
      expect(task.view().task.handoff).toBeUndefined();
      expect(task.events.at(-1)?.effects).toContain("handoff_accepted");
    }
  });

  test("of an accepted task the late writer is refused", () => {
    const task = scenario();
    task.checkpoint("a");
    task.handOff("a", { to_agent: "b" });
    expect(task.checkpoint("a")).toMatchObject({ code: "not_owner" });
    task.checkpoint("b");
    expect(task.checkpoint("a")).toMatchObject({ code: "not_owner", details: { current_owner: "b" } });
  });

  test("to one agent is nobody else's", () => {
    const task = scenario();
    task.checkpoint("a");
    task.handOff("a", { to_agent: "b" });
    expect(task.checkpoint("c")).toMatchObject({ code: "not_owner", details: { current_owner: "b" } });
    expect(task.update("c", { current_owner: "c" })).toMatchObject({ code: "not_owner" });
  });

  test("to all has no owner and is taken by the first", () => {
    const task = scenario();
    task.checkpoint("a");
    expect(task.handOff("a")).toMatchObject({ status: "handoff_ready", current_owner: undefined });
    expect(task.checkpoint("c")).toMatchObject({ status: "in_progress", current_owner: "c" });
    expect(task.checkpoint("b")).toMatchObject({ code: "not_owner" });
  });

  test("is withdrawn by the one who offered, explicitly and never by a late checkpoint", () => {
    for (const offer of [{}, { to_agent: "b" }]) {
      const task = scenario();
      task.checkpoint("a");
      task.handOff("a", offer);
      expect(task.checkpoint("a")).toMatchObject({ code: "not_owner" });
      expect(task.update("a", { current_owner: "a" })).toMatchObject(owned);
      expect(task.events.at(-1)?.effects).toEqual(["handoff_withdrawn"]);
    }
  });

  test("is declined by the addressee: offered on, or open to all", () => {
    const task = scenario();
    task.checkpoint("a");
    task.handOff("a", { to_agent: "b" });
    expect(task.handOff("b", { to_agent: "c", reason: "not mine" })).toMatchObject({ current_owner: "c" });
    expect(task.view().task.handoff).toMatchObject({ from_agent: "b", to_agent: "c", reason: "not mine" });
    expect(task.handOff("c", { reason: "not mine either" })).toMatchObject({
      status: "handoff_ready",
      current_owner: undefined,
    });
    expect(task.events.at(-1)?.effects).toEqual(["handoff_declined", "handoff_offered"]);
  });

  test("made again by the same agent changes nothing", () => {
    const task = scenario();
    task.checkpoint("a");
    const first = task.handOff("a", { to_agent: "b", reason: "r" });
    expect(task.handOff("a", { to_agent: "b", reason: "r" })).toEqual(first);
    expect(task.events).toHaveLength(2);
  });

  test("to oneself is refused", () => {
    const task = scenario();
    task.checkpoint("a");
    expect(task.handOff("a", { to_agent: "A" })).toMatchObject({ code: "invalid" });
  });

  test("of an unowned task may come from anyone: a planner hands out work", () => {
    expect(scenario().handOff("planner", { to_agent: "a" })).toMatchObject({
      status: "handoff_ready",
      current_owner: "a",
    });
  });
});

describe("exhaustion", () => {
  test("frees the task for others and is explained", () => {
    const task = scenario();
    task.checkpoint("a");
    const resets_at = "2026-01-01T05:00:00.000Z";
    expect(task.exhaust("a", { reason: "rate_limit", resets_at, resume_prompt: "go on" })).toMatchObject({
      status: "agent_exhausted",
      current_owner: undefined,
    });
    expect(task.view().task.exhausted).toMatchObject({ agent: "a", reason: "rate_limit", resets_at });
    expect(task.view().progress.resume_prompt).toBe("go on");
    expect(task.checkpoint("b")).toMatchObject({ status: "in_progress", current_owner: "b" });
    expect(task.view().task.exhausted).toBeUndefined();
  });

  test("twice changes nothing", () => {
    const task = scenario();
    task.checkpoint("a");
    const first = task.exhaust("a", { reason: "quota" });
    expect(task.exhaust("a", { reason: "quota" })).toEqual(first);
  });

  test("is not undone by a late checkpoint of the same agent, but by its claim", () => {
    const task = scenario();
    task.checkpoint("a");
    task.exhaust("a");
    expect(task.checkpoint("a")).toMatchObject({ code: "not_owner" });
    expect(task.update("a", { status: "in_progress" })).toMatchObject(owned);
  });

  test("of a task that is offered to the agent accepts it first", () => {
    const task = scenario();
    task.handOff("planner", { to_agent: "a" });
    expect(task.exhaust("a")).toMatchObject({ status: "agent_exhausted" });
    expect(task.events.at(-1)?.effects).toEqual(["handoff_accepted", "exhausted"]);
  });

  test("of an open task is refused", () => {
    expect(scenario().exhaust("a")).toMatchObject({ code: "illegal_transition" });
  });
});

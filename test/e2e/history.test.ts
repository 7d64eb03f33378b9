import { describe, expect, test } from "bun:test";
import { call, connect, freshStore, refusal, transports } from "../support/server.ts";

const client = await connect(transports.stdio(freshStore()), "a");

describe("get_task with compare_to", () => {
  test("tells what changed between two checkpoints, whichever way round, and up to the newest without checkpoint", async () => {
    const task_id = "compared";
    await call(client, "create_task", { task_id, title: "T", goal: "G" });
    await call(client, "save_checkpoint", {
      task_id,
      completed_steps: ["one"],
      remaining_steps: ["two", "three"],
      test_results: [{ suite: "unit", status: "failed" }],
      resume_prompt: "two",
    });
    await call(client, "save_checkpoint", { task_id, context: "c" });
    await call(client, "save_checkpoint", {
      task_id,
      completed_steps: ["one", "two"],
      remaining_steps: ["four"],
      test_results: [{ suite: "unit", status: "passed" }],
    });
    const expected = {
      task_id,
      from: 1,
      to: 3,
      steps_done: ["two"],
      steps_added: ["four"],
      steps_removed: ["three"],
      steps_reopened: [],
      tests_changed: [{ suite: "unit", was: "failed", now: "passed" }],
      texts_changed: ["context"],
    };
    expect(await call(client, "get_task", { task_id, checkpoint: 3, compare_to: 1 })).toEqual(expected);
    expect(await call(client, "get_task", { task_id, checkpoint: 1, compare_to: 3 })).toEqual(expected);
    expect(await call(client, "get_task", { task_id, compare_to: 1 })).toEqual(expected);
    expect(await refusal(client, "get_task", { task_id, checkpoint: 1, compare_to: 4 })).toMatchObject({
      code: "not_found",
      message: expect.stringContaining("1–3 are accepted"),
    });
    await call(client, "create_task", { task_id: "none", title: "T", goal: "G" });
    expect(await refusal(client, "get_task", { task_id: "none", compare_to: 1 })).toMatchObject({
      code: "not_found",
      message: expect.stringContaining("the task has none yet"),
    });
  });

  test("stays within the bound of an answer, and says which lists it shortened", async () => {
    const steps = (what: string) => Array.from({ length: 250 }, (_, n) => `${what} ${n} ${'"'.repeat(1900)}`);
    await call(client, "create_task", { task_id: "long", title: "T", goal: "G" });
    for (const what of ["before", "after"]) {
      await call(client, "save_checkpoint", { task_id: "long", completed_steps: steps(what), remaining_steps: [] });
    }
    const answer = await call(client, "get_task", { task_id: "long", compare_to: 1 });
    expect(JSON.stringify(answer).length).toBeLessThanOrEqual(50_000);
    expect(answer["truncated"]).toEqual(["steps_done", "steps_added", "steps_removed"]);
    expect(JSON.stringify(answer["steps_added"])).toContain("after 0 ");
  });
});

describe("history", () => {
  test("no tool changes an old checkpoint, whatever it does to the task", async () => {
    const task_id = "kept";
    await call(client, "create_task", { task_id, title: "T", goal: "G" });
    const first = { completed_steps: ["one"], remaining_steps: ["two"], resume_prompt: "p", context: "c" };
    await call(client, "save_checkpoint", { task_id, agent: "a", ...first });
    const read = async () => (await client.readResource({ uri: `task://${task_id}/checkpoints/1` })).contents;
    const before = await read();
    const deeds: [string, Record<string, unknown>][] = [
      ["save_checkpoint", { agent: "a", ...first, completed_steps: ["other"] }],
      ["save_checkpoint", { agent: "a", ...first }],
      [
        "update_task",
        { agent: "a", title: "New", goal: "New", completed_steps: [], remaining_steps: [], resume_prompt: "" },
      ],
      ["attach_artifact", { agent: "a", name: "n", content: "x" }],
      ["handoff_task", { from_agent: "a", to_agent: "b", reason: "r" }],
      ["claim_task", { agent: "b" }],
      ["mark_exhausted", { agent: "b", resume_prompt: "last words" }],
      ["claim_task", { agent: "c", force: true, reason: "r" }],
      ["update_task", { agent: "c", current_owner: "d" }],
      ["update_task", { agent: "d", status: "done" }],
      ["update_task", { agent: "d", status: "open" }],
      ["create_task", { title: "T", goal: "G" }],
    ];
    for (const [tool, args] of deeds) {
      await call(client, tool, { task_id, ...args });
      expect(await read()).toEqual(before);
    }
    expect(await call(client, "get_task", { task_id, checkpoint: 1 })).toMatchObject(first);
    const { events } = await call(client, "get_task", { task_id, view: "history" });
    const commands = [events].flat().map((event) => Object(event).command);
    // The last deed, the same task again, changed nothing.
    expect(commands.toReversed()).toEqual([
      "create_task",
      "save_checkpoint",
      ...deeds.slice(0, -1).map(([tool]) => tool),
    ]);
  });

  test("tells until when an offer stands as a time, and nothing else of the machine's clocks", async () => {
    await call(client, "create_task", { task_id: "offered", title: "T", goal: "G" });
    await call(client, "handoff_task", { task_id: "offered", from_agent: "a", to_agent: "b" });
    const { events } = await call(client, "get_task", { task_id: "offered", view: "history" });
    const { changes } = Object([events].flat()[0]);
    expect(changes.handoff.new).toEqual({
      from_agent: "a",
      to_agent: "b",
      offered_at: expect.stringMatching(/Z$/),
      expires_at: expect.stringMatching(/Z$/),
    });
  });

  test("holds no lease token: whoever reads it could write as the owner", async () => {
    const { lease_token } = await call(client, "claim_task", { task_id: "long", agent: "a" });
    expect(lease_token).toBeString();
    for (const view of ["full", "brief", "history"]) {
      expect(JSON.stringify(await call(client, "get_task", { task_id: "long", view }))).not.toContain(
        String(lease_token),
      );
    }
  });
});

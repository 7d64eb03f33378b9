import { describe, expect, test } from "bun:test";
import { call, connect, freshStore, transports } from "../support/server.ts";

const client = await connect(transports.stdio(freshStore()), "a");
const long = (length: number) => "x".repeat(length);
/** What clients take of one answer, in characters. */
const BOUND = 50_000;

describe("no answer is over 50,000 characters", () => {
  test("of a task with as many and as long steps as there may be", async () => {
    await call(client, "create_task", { task_id: "steps", title: "T", goal: long(60_000) });
    const steps = (count: number) => Array.from({ length: count }, (_, n) => `${n} ${long(2040)}`);
    const checkpoint = {
      task_id: "steps",
      completed_steps: steps(100),
      remaining_steps: steps(250),
      context: long(64_000),
    };
    await call(client, "save_checkpoint", checkpoint);
    const answer = await call(client, "get_task", { task_id: "steps" });
    expect(JSON.stringify(answer).length).toBeLessThanOrEqual(BOUND);
    expect(answer["remaining_steps"]).toHaveLength(20);
    expect(answer["truncated"]).toContain("remaining_steps");
  });

  test("of a list of 200 tasks with long ids and titles: the page ends before, and its cursor goes on", async () => {
    for (let n = 0; n < 200; n++) {
      await call(client, "create_task", { task_id: `${n}-${long(120)}`, title: long(195), goal: "", tags: ["long"] });
    }
    const seen = new Set<unknown>();
    let cursor: unknown;
    do {
      const answer = await call(client, "list_tasks", {
        tag: "long",
        limit: 200,
        ...(cursor === undefined ? {} : { cursor }),
      });
      expect(JSON.stringify(answer).length).toBeLessThanOrEqual(BOUND);
      for (const { task_id } of [answer["tasks"]].flat().map((row) => Object(row))) {
        seen.add(task_id);
      }
      cursor = answer["next_cursor"];
    } while (cursor !== undefined);
    expect(seen.size).toBe(200);
  });

  test("of a history of long texts", async () => {
    for (let n = 0; n < 30; n++) {
      await call(client, "update_task", { task_id: "steps", goal: `${n} ${long(60_000)}`, title: `${n}` });
    }
    const seen: unknown[] = [];
    let cursor: unknown;
    do {
      const page = { task_id: "steps", view: "history", ...(cursor === undefined ? {} : { cursor }) };
      const answer = await call(client, "get_task", page);
      expect(JSON.stringify(answer).length).toBeLessThanOrEqual(BOUND);
      seen.push(...[answer["events"]].flat().map((event) => Object(event).version));
      cursor = answer["next_cursor"];
    } while (cursor !== undefined);
    expect(seen).toEqual(Array.from({ length: 32 }, (_, n) => 32 - n));
  });
});

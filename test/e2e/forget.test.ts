import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { utimesSync } from "node:fs";
import { indexedUntil, indexSome } from "../../src/store/sqlite/search-index.ts";
import { runCommand } from "../support/command.ts";
import { fillWithTasks } from "../support/many-tasks.ts";
import { ask, filesUnder, fill, freshPlace, type Place, serverAt } from "../support/sample-store.ts";

/** The files in which any of the texts still stands. */
function traces({ folder }: Place, texts: readonly string[]): string[] {
  return [...filesUnder(folder)]
    .filter(([, bytes]) => texts.some((text) => bytes.includes(text)))
    .map(([path]) => path);
}

const WORDS = [
  "hunter2title",
  "hunter2goal",
  "hunter2older",
  "hunter2step",
  "hunter2prompt",
  "hunter2bytes",
  "hunter2name",
  "hunter2tag",
];

/** A task that says a secret wherever a task can say anything, and said others before. */
async function leak(place: Place): Promise<void> {
  const server = await serverAt(place);
  const task_id = "leaky";
  const agent = "a";
  await ask(server, "create_task", {
    task_id,
    title: "hunter2title",
    goal: `hunter2older ${"x".repeat(20_000)}`,
    tags: ["hunter2tag"],
    agent,
  });
  await ask(server, "update_task", { task_id, goal: "hunter2goal", agent });
  for (let n = 0; n < 20; n++) {
    await ask(server, "save_checkpoint", {
      task_id,
      agent,
      completed_steps: [`hunter2step ${n}`],
      resume_prompt: `hunter2prompt ${"y".repeat(500 * n)}`,
    });
  }
  await ask(server, "attach_artifact", { task_id, agent, name: "hunter2name", content: "hunter2bytes" });
  await ask(server, "attach_artifact", { task_id, agent, name: "shared", content: "shared bytes" });
  const _meta = { "mcp-task-server/idempotencyKey": "k" };
  await server.request("tools/call", {
    name: "update_task",
    arguments: { task_id, agent, title: "hunter2title again" },
    _meta,
  });
  await ask(server, "list_tasks", { limit: 5 });
  await server.end();
  // Bytes of the last seconds may be about to be attached to another task: they would be waited for.
  for (const path of filesUnder(place.artifacts).keys()) {
    utimesSync(path, 1000, 1000);
  }
}

describe("forget", () => {
  test("nothing of a task is left in any file, while servers go on, and everything else stays", async () => {
    const place = freshPlace();
    await fill(place, 12);
    await leak(place);
    const server = await serverAt(place);
    await ask(server, "attach_artifact", {
      task_id: "task-1",
      agent: "other",
      name: "shared",
      content: "shared bytes",
    });
    expect(traces(place, WORDS).length).toBeGreaterThan(1);
    let writing = true;
    const written: string[] = [];
    const load = (async () => {
      for (let n = 0; writing; n++) {
        await ask(server, "create_task", { task_id: `live-${n}`, title: "T", goal: "G" });
        written.push(`live-${n}`);
      }
    })();
    const { exitCode, stdout, stderr } = await runCommand(["forget", "leaky", ...place.flags]);
    writing = false;
    await load;
    expect(stdout).toBe("leaky: forgotten, with 20 checkpoints, 25 events, 1 artifact\n");
    expect(stderr).toContain("backups and exports made before still have it");
    expect(exitCode).toBe(0);
    expect(traces(place, [...WORDS, "leaky"])).toEqual([]);
    expect(traces(place, ["shared bytes"])).toHaveLength(1);
    for (const task_id of ["task-1", ...written]) {
      expect(await ask(server, "get_task", { task_id })).toMatchObject({ task_id });
    }
    await server.end();
    expect(traces(place, [...WORDS, "leaky"])).toEqual([]);
    expect(await runCommand(["verify", ...place.flags])).toMatchObject({
      exitCode: 0,
      stdout: expect.not.stringContaining("note"),
    });
  });

  test("an unknown task is told, with what was swept", async () => {
    const place = freshPlace();
    await fill(place, 3);
    const unknown = await runCommand(["forget", "nobody", ...place.flags]);
    expect(unknown).toMatchObject({
      exitCode: 1,
      stdout: "",
      stderr: expect.stringContaining("there is no such task"),
    });
    expect(await runCommand(["verify", ...place.flags])).toMatchObject({ exitCode: 0 });
  });

  test("what a run left that was killed goes with the next, of the task and of its artifacts, whatever task that is for", async () => {
    const place = freshPlace();
    await leak(place);
    const db = new Database(place.db);
    db.run("DELETE FROM artifacts");
    db.close();
    expect(traces(place, ["hunter2bytes"])).toHaveLength(1);
    expect(await runCommand(["forget", "nobody", ...place.flags])).toMatchObject({ exitCode: 1 });
    expect(traces(place, ["hunter2bytes"])).toEqual([]);
    expect(await runCommand(["forget", "leaky", ...place.flags])).toMatchObject({ exitCode: 0 });
    expect(traces(place, [...WORDS, "leaky"])).toEqual([]);
  });

  test("makes the index of searches anew, whole, while others write", async () => {
    const place = freshPlace();
    const tasks = 1500;
    await fillWithTasks(place.db, tasks);
    const db = new Database(place.db);
    while (indexSome(db) === "more") {
      // Slice by slice.
    }
    const server = await serverAt(place);
    let written = 0;
    let writing = true;
    const load = (async () => {
      for (; writing; written++) {
        await ask(server, "create_task", { task_id: `live-${written}`, title: "T", goal: "G" });
      }
    })();
    const forgotten = runCommand(["forget", "t7", ...place.flags]);
    const whole = () => indexedUntil(db) >= tasks;
    while (whole()) {
      await Bun.sleep(1);
    }
    const before = written;
    expect(await forgotten).toMatchObject({ exitCode: 0 });
    // Not by the server, which would do the rest later.
    expect(whole()).toBe(true);
    const meanwhile = written - before;
    writing = false;
    await load;
    await server.end();
    db.close();
    expect(meanwhile).toBeGreaterThan(5);
  });

  test("as long as somebody reads an old state of the database it says that traces may be left; the next run removes them", async () => {
    const place = freshPlace();
    await leak(place);
    const reader = new Database(place.db);
    reader.run("BEGIN");
    reader.query("SELECT count(*) FROM tasks").get();
    const held = await runCommand(["forget", "leaky", ...place.flags]);
    expect(held).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("run the same command again") });
    reader.run("COMMIT");
    reader.close();
    expect(await runCommand(["forget", "leaky", ...place.flags])).toMatchObject({ exitCode: 1 });
    expect(traces(place, WORDS)).toEqual([]);
  });
});

import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HASHED_TABLES, isSound, rowsOf } from "../../src/store/sqlite/hashes.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import { temporaryFolder } from "../support/folder.ts";
import { testClock } from "./contract-next.ts";

const SCHEMA_1 = readFileSync(join(import.meta.dir, "../../src/store/sqlite/0001-init.sql"), "utf8");

/** A database as the release with schema 1 left it: a task at work, one offered, one exhausted, one done. */
function oldDatabase(): string {
  const path = join(temporaryFolder(), "tasks.db");
  const db = new Database(path, { create: true, strict: true });
  db.run("PRAGMA application_id = 0x4d54534b");
  db.run("PRAGMA journal_mode = WAL");
  db.run(SCHEMA_1);
  db.run("PRAGMA user_version = 1");
  const at = "2025-12-31T23:30:00.000Z";
  const handoff = JSON.stringify({ from_agent: "A", to_agent: "b", reason: "r", offered_at: at });
  const exhausted = JSON.stringify({ agent: "A", reason: "quota", at });
  const insert = db.query(
    `INSERT INTO tasks (task_id, title, goal, status, current_owner, owner_key, owned_since, priority, tags, handoff,
       exhausted, content_hash, checkpoint_count, version, created_at, updated_at)
     VALUES (?, 'Title', 'Goal', ?, ?, ?, ?, 2, '[]', ?, ?, 'hash', 0, 1, ?, ?)`,
  );
  insert.run("working", "in_progress", "a", "a", at, null, null, at, at);
  insert.run("offered", "handoff_ready", "b", "b", at, handoff, null, at, at);
  insert.run("spent", "agent_exhausted", null, null, null, null, exhausted, at, at);
  insert.run("finished", "done", "a", "a", at, null, null, at, at);
  db.run(
    `INSERT INTO events (task, version, command, agent, at, effects, changes)
     SELECT id, 1, 'create_task', 'planner', created_at, '["created"]', '{}' FROM tasks`,
  );
  db.run(
    `INSERT INTO checkpoints (task, number, agent, created_at, completed_steps, remaining_steps, test_results)
     VALUES (1, 1, 'a', '${at}', '["one"]', '[]', '[]')`,
  );
  db.run("UPDATE tasks SET checkpoint_count = 1 WHERE id = 1");
  db.close();
  return path;
}

test("a database of schema 1 is brought forward: owners have an hour from their last write, offers a day", async () => {
  const clock = testClock();
  const store = await openStore(oldDatabase(), { now: clock.now, onOutdated: () => undefined });
  const working = await store.find("working");
  expect(working?.task).toMatchObject({
    current_owner: "a",
    lease: { seconds: 3600, left: 1801, expires: { at: "2026-01-01T00:30:00.000Z" } },
    attempts: [{ agent: "a", count: 1 }],
    described_by: "planner",
    described_at: "2025-12-31T23:30:00.000Z",
  });
  expect(working?.progress.completed_steps).toEqual(["one"]);
  expect(working?.checkpoint).toMatchObject({ number: 1, agent: "a" });
  expect((await store.find("offered"))?.task).toMatchObject({
    current_owner: "b",
    handoff: { to_agent: "b", expires: { at: "2026-01-01T23:30:00.000Z" } },
  });
  expect((await store.find("spent"))?.task).toMatchObject({ exhausted: { agent: "A" }, attempts: [] });
  expect((await store.find("finished"))?.task.lease).toBeUndefined();
  clock.pass(1801);
  expect((await store.find("working"))?.task.lease?.left).toBe(0);
  clock.pass(86_400);
  expect((await store.find("offered"))?.task.current_owner).toBeUndefined();
  await store.close();
});

test("every row of before gets its hash, and history is as immutable as it was", async () => {
  const path = oldDatabase();
  await (await openStore(path, { now: testClock().now, onOutdated: () => undefined })).close();
  const db = new Database(path);
  for (const table of HASHED_TABLES) {
    expect([...rowsOf(db, table)].filter((row) => !isSound(table, row))).toEqual([]);
  }
  expect([...rowsOf(db, "events")]).toHaveLength(4);
  expect(() => db.run("UPDATE events SET command = 'x'")).toThrow("append-only");
  expect(() => db.run("UPDATE checkpoints SET number = 2")).toThrow("immutable");
  db.close();
});

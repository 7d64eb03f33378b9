import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openStore } from "../../src/store/sqlite/open.ts";
import { runCommand } from "../support/command.ts";
import { temporaryFolder } from "../support/folder.ts";
import { creationOf, fillWithHistories, historyOf } from "../support/many-histories.ts";

const TASKS = 60;
const TABLES = ["tasks", "task_tags", "checkpoints", "artifacts", "events"];

/** Every row of what a store is told, by table. */
function rowsIn(path: string): Record<string, unknown[]> {
  const db = new Database(path, { readonly: true });
  const rows = Object.fromEntries(
    TABLES.map((table) => [table, db.query(`SELECT * FROM ${table} ORDER BY 1, 2, 3`).all()]),
  );
  db.close();
  return rows;
}

describe("a store that is filled for benches", () => {
  test("has the very rows that the same commands write one by one", async () => {
    const [filled, written] = ["filled.db", "written.db"].map((name) => join(temporaryFolder(), name));
    await fillWithHistories(filled ?? "", TASKS);
    let now = { wall: 0, uptime: 0 };
    const store = await openStore(written ?? "", { now: () => now, onOutdated: () => undefined });
    for (let n = 0; n < TASKS; n++) {
      const history = historyOf(n, TASKS);
      const { task_id } = history.content;
      now = history.created;
      await store.create({ task_id, decide: (existing) => creationOf(history, existing) });
      for (const step of history.steps) {
        now = step.now;
        await store.write({ select: { task_id }, decide: step.decide });
      }
    }
    await store.close();
    const rows = rowsIn(filled ?? "");
    expect(rows["tasks"]).toHaveLength(TASKS);
    expect(new Set(rows["tasks"]?.map((row) => Object(row).status))).toEqual(
      new Set(["open", "in_progress", "handoff_ready", "agent_exhausted", "done", "cancelled"]),
    );
    expect(rows["events"]?.length).toBeGreaterThan(3 * TASKS);
    expect(rowsIn(written ?? "")).toEqual(rows);
  });

  test("is sound to the executable, row by row", async () => {
    const path = join(temporaryFolder(), "tasks.db");
    await fillWithHistories(path, TASKS);
    const { stdout, stderr } = await runCommand(["verify", "--db", path, "--artifacts", join(path, "../artifacts")]);
    expect(stderr).toBe("");
    expect(stdout.split("\n").filter((line) => !/artifact/.test(line))).toEqual([""]);
  });
});

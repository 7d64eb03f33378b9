import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Instant } from "../../src/domain/instant.ts";
import { lapsedWithin, nextRow, secondsToLapse } from "../../src/store/sqlite/next.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import { listRows } from "../../src/store/sqlite/queries.ts";
import { SCHEMA_VERSION } from "../../src/store/sqlite/schema.ts";
import type { Store, TaskFilter } from "../../src/store/store.ts";
import { temporaryFolder } from "../support/folder.ts";
import { create } from "./commands.ts";
import { describeStore } from "./contract.ts";
import { describeNext } from "./contract-next.ts";
import { describeTogether } from "./contract-together.ts";
import { describeWaiting } from "./contract-waiting.ts";
import { planOf } from "./plan.ts";

function clock(): () => Instant {
  let seconds = 0;
  return () => ({ wall: Date.UTC(2026, 0, 1) + 1000 * seconds++, uptime: seconds });
}

const host = () => ({ now: clock(), onOutdated: () => undefined });

async function seeded(path: string): Promise<Store> {
  const store = await openStore(path, host());
  await create(store, { task_id: "t" });
  return store;
}

describeStore("sqlite in memory", () => openStore(":memory:", host()));
describeStore("sqlite on disk", () => openStore(join(temporaryFolder(), "tasks.db"), host()));

describeNext("sqlite", ({ now }) => openStore(":memory:", { now, onOutdated: () => undefined }));
describeWaiting("sqlite", ({ now }) => openStore(":memory:", { now, onOutdated: () => undefined }));

describeTogether("sqlite on disk", (onCommit) =>
  openStore(join(temporaryFolder(), "tasks.db"), { ...host(), onCommit }),
);

describe("sqlite", () => {
  test("history and checkpoints cannot be rewritten, even by hand", async () => {
    const path = join(temporaryFolder(), "tasks.db");
    await (await seeded(path)).close();
    const db = new Database(path);
    expect(() => db.run("UPDATE events SET command = 'x'")).toThrow("append-only");
    db.run(
      "INSERT INTO checkpoints (task, number, created_at, completed_steps, remaining_steps, test_results) VALUES (1, 1, '', '', '', '')",
    );
    expect(() => db.run("UPDATE checkpoints SET number = 2")).toThrow("immutable");
    db.close();
  });

  test("is durable: WAL, synchronous FULL, foreign keys, STRICT tables, our mark", async () => {
    const path = join(temporaryFolder(), "tasks.db");
    await (await seeded(path)).close();
    const db = new Database(path);
    const one = (sql: string) => Object.values(Object(db.query(sql).get()))[0];
    expect(one("PRAGMA journal_mode")).toBe("wal");
    expect(one("PRAGMA application_id")).toBe(0x4d54534b);
    expect(one("PRAGMA user_version")).toBe(SCHEMA_VERSION);
    const tables = db
      .query<{ name: string; sql: string }, []>(
        `SELECT name, sql FROM sqlite_master JOIN pragma_table_list USING (name)
         WHERE pragma_table_list.type = 'table' AND sql LIKE 'CREATE%' AND name NOT LIKE 'sqlite%'`,
      )
      .all();
    expect(tables.length).toBeGreaterThan(5);
    for (const { sql } of tables) {
      expect(sql).toMatch(/STRICT/);
    }
    db.close();
  });

  test("every list is read from an index in its order: no scan, no sort", async () => {
    const path = join(temporaryFolder(), "tasks.db");
    await (await seeded(path)).close();
    const filters: TaskFilter[] = [
      {},
      { status: "open" },
      { owner: "a" },
      { repo_path: "/r" },
      { tag: "x" },
      { updated_since: "2026" },
      { tag: "x", updated_since: "2026" },
      { status: "open", owner: "a", repo_path: "/r" },
    ];
    for (const filter of filters) {
      for (const after of [undefined, ["2026", 1] as const]) {
        const plan = planOf(path, (db) => listRows(db, filter, { after, limit: 20, now: clock()() }));
        expect(plan.length).toBeGreaterThan(0);
        expect(plan.join("; ")).not.toContain("TEMP B-TREE");
        expect(
          plan.filter((line) => /^SCAN/.test(line) && !/USING (COVERING )?INDEX tasks_by_recency/.test(line)),
        ).toEqual([]);
      }
    }
  });

  test("the next task is found by its index: no scan, no sort", async () => {
    const path = join(temporaryFolder(), "tasks.db");
    await (await seeded(path)).close();
    for (const repo_path of [undefined, "*", "/r"]) {
      const plan = planOf(path, (db) => [
        nextRow(db, { agent: "a", repo_path }, clock()()),
        secondsToLapse(db, clock()()),
        lapsedWithin(db, 10, clock()()),
      ]);
      expect(plan.length).toBeGreaterThan(2);
      expect(plan.filter((line) => !/^SEARCH tasks USING (COVERING )?INDEX/.test(line))).toEqual([]);
    }
  });

  test("a store held by another process is waited for, without freezing the event loop, and then answers busy", async () => {
    const path = join(temporaryFolder(), "tasks.db");
    const store = await seeded(path);
    const other = new Database(path);
    other.run("BEGIN IMMEDIATE");
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 10);
    const waiting = store.probe();
    expect(await store.find("t")).toBeDefined();
    const refused = await waiting.catch((error) => error);
    clearInterval(ticking);
    expect(refused).toMatchObject({ code: "busy" });
    expect(ticks).toBeGreaterThan(50);
    other.run("ROLLBACK");
    await store.probe();
    other.close();
    await store.close();
  }, 20_000);
});

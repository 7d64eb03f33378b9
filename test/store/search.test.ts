import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { termsOf } from "../../src/domain/words.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import { APPLICATION_ID, SCHEMA_VERSION } from "../../src/store/sqlite/schema.ts";
import { search } from "../../src/store/sqlite/search.ts";
import { indexedUntil, indexSome, rebuildSearch } from "../../src/store/sqlite/search-index.ts";
import type { TaskFilter } from "../../src/store/store.ts";
import { temporaryFolder } from "../support/folder.ts";
import { create, update } from "./commands.ts";
import { createRandom, joined } from "./contract-search.ts";
import { planOf } from "./plan.ts";

const NOW = { wall: Date.UTC(2026, 0, 1), uptime: 0 };

function open(path: string) {
  return openStore(path, { now: () => NOW, onOutdated: () => undefined });
}

function freshPath(): string {
  return join(temporaryFolder(), "tasks.db");
}

/** Another connection, as of another process. */
function connection(path: string): Database {
  return new Database(path, { strict: true });
}

function indexAll(db: Database): void {
  db.run("PRAGMA synchronous = OFF");
  while (indexSome(db) === "more") {
    // Slice by slice.
  }
  expect(indexedUntil(db)).toBe(latest(db));
}

const latest = (db: Database) => Object(db.query("SELECT max(seq) AS seq FROM events").get()).seq;

describe("the index of searches", () => {
  test("is brought up to date in idle time, by the process that wrote", async () => {
    const path = freshPath();
    const store = await open(path);
    await create(store, { task_id: "t", title: "zebra" });
    const db = connection(path);
    expect(indexedUntil(db)).toBe(0);
    while (indexedUntil(db) < latest(db)) {
      await Bun.sleep(5);
    }
    expect(db.query("SELECT rowid FROM search WHERE search MATCH 'zebra'").all()).toHaveLength(1);
    db.close();
    await store.close();
  });

  test("finds the same as a look at every text, whatever stands in it and however it came about", async () => {
    const path = freshPath();
    const store = await open(path);
    const db = connection(path);
    const random = createRandom(7);
    const pieces = [
      "zebra",
      "Zebra",
      "saveCheckpoint",
      "save",
      "checkpoint",
      "東京都",
      "東京",
      "京都",
      "用save",
      "🔥",
      "é",
    ];
    pieces.push(
      "src/auth/login.py",
      "auth/login",
      "foo_bar",
      "bar",
      ".",
      "/",
      '"',
      "AND",
      "x".repeat(70),
      "서버를",
      "\u200b",
    );
    const some = () =>
      Array.from({ length: 1 + random(4) }, () => pieces[random(pieces.length)]).join(random(3) ? " " : "");
    const queries = Array.from({ length: 50 }, some).filter((query) => termsOf(query).length > 0);
    const found = (query: string) =>
      search(db, { terms: termsOf(query), filter: {}, limit: 99, now: NOW }).rows.map(({ task_id }) => task_id);
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 60; n++) {
        const task_id = `t${random(80)}`;
        const text = { title: some(), goal: some() };
        await ((await store.find(task_id)) === undefined
          ? create(store, { task_id, ...text })
          : update(store, task_id, text));
      }
      const before = queries.map(found);
      indexAll(db);
      expect(queries.map(found)).toEqual(before);
      expect(before.flat().length).toBeGreaterThan(100);
    }
    const count = (table: string) => Object(db.query(`SELECT count(*) AS n FROM ${table}`).get()).n;
    const documents = () => ["search_docsize", "search_documents"].map(count);
    expect(documents()).toEqual([count("tasks"), count("tasks")]);
    const before = queries.map(found);
    db.run("INSERT INTO search (rowid, words) VALUES (1000000, 'a document of no task')");
    expect(documents()).not.toEqual([count("tasks"), count("tasks")]);
    rebuildSearch(db);
    expect(indexedUntil(db)).toBe(latest(db));
    expect(documents()).toEqual([count("tasks"), count("tasks")]);
    expect(queries.map(found)).toEqual(before);
    db.close();
    await store.close();
  });

  test("is not needed: a search is complete, and soon, while another process holds the store", async () => {
    const path = freshPath();
    const store = await open(path);
    for (let n = 0; n < 200; n++) {
      await create(store, { task_id: `t${n}`, title: n % 2 === 0 ? "zebra" : "okapi" });
    }
    const other = connection(path);
    indexSome(other);
    for (let n = 0; n < 100; n++) {
      await update(store, `t${n}`, { title: "okapi" });
    }
    const indexed = indexedUntil(other);
    other.run("BEGIN IMMEDIATE");
    expect(await joined(store, { query: "zebra" }, 20)).toEqual(
      Array.from({ length: 50 }, (_, n) => `t${198 - 2 * n}`),
    );
    expect(indexedUntil(other)).toBe(indexed);
    other.run("ROLLBACK");
    expect(await joined(store, { query: "zebra" }, 20)).toHaveLength(50);
    // At once, or in idle time where little is left to index.
    while (indexedUntil(other) < latest(other)) {
      await Bun.sleep(5);
    }
    other.close();
    await store.close();
  });

  test("of an older database is made little by little; its tasks are found from the first search on", async () => {
    const path = freshPath();
    const old = connection(path);
    old.run(`PRAGMA application_id = ${APPLICATION_ID}`);
    old.run("PRAGMA journal_mode = WAL");
    for (const file of ["0001-init.sql", "0002-leases.sql"]) {
      old.run(readFileSync(join(import.meta.dir, "../../src/store/sqlite", file), "utf8"));
    }
    old.run("PRAGMA user_version = 2");
    old.run("BEGIN");
    for (let n = 0; n < 1500; n++) {
      old.run(
        `INSERT INTO tasks (task_id, title, goal, status, priority, tags, content_hash, checkpoint_count, version,
           created_at, updated_at) VALUES (?, 'Old', ?, 'open', 2, '[]', '', 0, 1, '2026', '2026')`,
        [`t${n}`, `zebra word${n}`],
      );
      old.run(
        `INSERT INTO events (task, version, command, at, effects, changes)
         VALUES (last_insert_rowid(), 1, 'create_task', '2026', '[]', '{}')`,
      );
    }
    old.run("COMMIT");
    old.close();
    const store = await open(path);
    const db = connection(path);
    expect(db.query("PRAGMA user_version").get()).toEqual({ user_version: SCHEMA_VERSION });
    expect(indexedUntil(db)).toBe(0);
    expect(await joined(store, { query: "word17" }, 20)).toEqual(["t17"]);
    expect(new Set(await joined(store, { query: "zebra" }, 200)).size).toBe(1500);
    indexAll(db);
    expect(await store.list({ query: "word17" }, { limit: 20 })).toMatchObject({ entries: [{ task_id: "t17" }] });
    db.close();
    await store.close();
  });

  test("forgets a task with its row", async () => {
    const path = freshPath();
    const store = await open(path);
    await create(store, { task_id: "t", title: "zebra" });
    const db = connection(path);
    db.run("PRAGMA trusted_schema = OFF");
    indexSome(db);
    db.run("DELETE FROM events");
    db.run("DELETE FROM tasks");
    expect(db.query("SELECT rowid FROM search WHERE search MATCH 'zebra'").all()).toEqual([]);
    expect(await joined(store, { query: "zebra" }, 20)).toEqual([]);
    db.close();
    await store.close();
  });

  test("is read in its order, the rest by key: no scan, no sort", async () => {
    const path = freshPath();
    await (await open(path)).close();
    const filters: TaskFilter[] = [
      {},
      { status: "open", owner: "a", repo_path: "/r", tag: "x", updated_since: "2026" },
      { tag: "x" },
    ];
    for (const filter of filters) {
      for (const below of [1, 1000]) {
        const terms = termsOf("saveCheckpoint zebra");
        const plan = planOf(path, (db) => search(db, { terms, filter, below, limit: 20, now: NOW }));
        expect(plan.length).toBeGreaterThan(4);
        expect(plan.join("; ")).not.toContain("TEMP B-TREE");
        const scans = plan.filter((line) => /^SCAN/.test(line));
        expect(
          scans.filter((line) => !/^SCAN (search VIRTUAL TABLE INDEX .*M2<|candidate$|search_progress$)/.test(line)),
        ).toEqual([]);
      }
    }
  });
});

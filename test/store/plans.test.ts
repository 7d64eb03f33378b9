import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { claimTask } from "../../src/domain/claim-task.ts";
import type { Instant } from "../../src/domain/instant.ts";
import { openArtifactFolder } from "../../src/store/artifact-folder.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import { prune } from "../../src/store/sqlite/prune.ts";
import { removeRows } from "../../src/store/sqlite/remove.ts";
import { indexSome } from "../../src/store/sqlite/search-index.ts";
import type { Store, TaskFilter } from "../../src/store/store.ts";
import { temporaryFolder } from "../support/folder.ts";
import { attach, checkpoint, create, grant, update } from "./commands.ts";
import { under } from "./contract-keys.ts";
import { functionsOf, planIn, statementsOf, telling, writtenStatements } from "./statements.ts";

const SQLITE = join(import.meta.dir, "..", "..", "src", "store", "sqlite");

/** Steps of a plan that are no scan of what grows. */
const FINE =
  /^(SEARCH (?!.*AUTOMATIC)|SCAN CONSTANT ROW|CO-ROUTINE candidate|SCAN candidate( VIRTUAL TABLE INDEX \d+:)?|MULTI-INDEX OR|INDEX \d|(CORRELATED )?SCALAR SUBQUERY|LIST SUBQUERY|SCAN search VIRTUAL TABLE INDEX )/;

/** What may scan, and why. */
const MAY_SCAN: readonly [sql: RegExp, step: RegExp, why: string][] = [
  [
    /^SELECT tasks\.\* FROM tasks .*ORDER BY tasks\.updated_at DESC/,
    /USING INDEX tasks_by_recency$/,
    "in its order, as far as the page",
  ],
  [/^SELECT seq FROM search_progress$/, /^SCAN search_progress$/, "has one row"],
  [/^SELECT tasks\.id, task_id FROM removals CROSS JOIN/, /^SCAN removals$/, "in its order, as far as the page"],
  [/^SELECT \* FROM tokens ORDER BY id$/, /^SCAN tokens$/, "lists all there are, a few dozen, for a person"],
  [/^SELECT 1 FROM tokens LIMIT 1$/, /^SCAN tokens USING COVERING INDEX/, "ends with the first row"],
  [
    /^SELECT \* FROM tokens WHERE \(token_id = \+\? OR/,
    /^USE TEMP B-TREE FOR ORDER BY$/,
    "the tokens of one agent, to revoke them",
  ],
  [/^UPDATE search_progress /, /^SCAN search_progress$/, "has one row"],
];

/** What no server runs; reads or writes a whole table by its nature. */
const NOT_SERVED: readonly [file: string, text: RegExp, why: string][] = [
  ["hashes.ts", /./, "once, by a migration, and by commands that look at every row"],
  ["meta.ts", /^INSERT OR REPLACE/, "by a backup"],
  ["open.ts", /sqlite_version/, "once, on macOS alone"],
  [
    "search-index.ts",
    /^(DELETE FROM search_documents|INSERT INTO search \(search\)|UPDATE search_progress SET seq = 0)/,
    "rebuilds the index, for commands",
  ],
];

/** Every filter a list can have. */
function everyFilter(): TaskFilter[] {
  const fields: TaskFilter = {
    status: "open",
    owner: "a",
    repo_path: "/r",
    tag: "x",
    updated_since: "2026",
    query: "zebra",
  };
  return Object.entries(fields).reduce<TaskFilter[]>(
    (filters, [name, value]) => filters.flatMap((filter) => [filter, { ...filter, [name]: value }]),
    [{}],
  );
}

/** Calls every method of a store in every way that makes a statement of its own. */
async function useAll(store: Store): Promise<void> {
  for (let n = 0; n < 5; n++) {
    await create(store, { task_id: `t${n}`, title: "zebra", tags: ["x"], repo_path: "/r" });
  }
  // So many that two words are looked for window by window.
  await Promise.all(
    Array.from({ length: 300 }, (_, n) => create(store, { task_id: `both${n}`, title: "zebra okapi" })),
  );
  await create(store, { task_id: "over", tags: ["x"] });
  await update(store, "over", { status: "done" });
  await checkpoint(store, "t1", ["one"]);
  await checkpoint(store, "t1", ["one"]);
  await update(under(store), "t1", { tags: ["x", "y"] });
  await update(under(store), "t1", { tags: ["x", "y"] });
  await attach(store, "t1", { artifact_id: "a1", name: "log", sha256: "0" });
  for (const repo_path of [undefined, "*", "/r"]) {
    await store.writeNext({
      agent: "b",
      repo_path,
      decide: (view, now) => claimTask(view, {}, { command: "claim_task", agent: "b", grant: grant(), now }),
    });
  }
  for (const filter of everyFilter()) {
    const page = await store.list(filter, { limit: 1 });
    await store.list(filter, { limit: 1, cursor: (await store.list({ ...filter }, { limit: 1 })).next_cursor });
    expect(page.entries.length).toBeLessThanOrEqual(1);
    if (filter.query !== undefined) {
      await store.list({ ...filter, query: "zebra okapi" }, { limit: 1 });
    }
  }
  await store.find("t1");
  await store.history("t1", { limit: 1 });
  await store.checkpoint("t1", 1);
  await store.artifact("t1", "log");
  await store.answerTo({ key: "k", caller: "a", tool: "save_checkpoint", args_hash: "1" });
  store.changedSince(0);
  await store.changesSince(0, 10);
  await store.latestChange();
  await store.secondsToLapse();
  await store.taskIds("t", 5);
  await store.agents("a", 5);
  await store.peek("t1");
  await store.lapsedWithin(10);
  await store.state();
  await store.tokens.add({ token_id: crypto.randomUUID(), agent: "a", role: "worker", digest: new Uint8Array(32) });
  await store.tokens.list();
  await store.tokens.find("k");
  await store.tokens.exist();
  await store.tokens.revoke("a");
  await store.probe();
}

/** What runs beside servers, on the same store. */
async function pruneAll(path: string): Promise<void> {
  const db = new Database(path, { strict: true });
  const artifacts = openArtifactFolder(join(path, "../artifacts"));
  const sha256 = await artifacts.keep(new Uint8Array());
  const over = db.query<{ id: number }, []>("SELECT id FROM tasks WHERE task_id = 'over'").get()?.id ?? 0;
  // No time at all: it is begun, for the next to go on with.
  expect(removeRows(db, { id: over, task_id: "over" }, 0).gone).toBe(false);
  for (const dryRun of [true, false]) {
    await prune(db, artifacts, { before: "2999", dryRun, keptBefore: 0 });
  }
  expect(sha256).toHaveLength(64);
  db.close();
}

/** As if there had been so many events: some statements are for large stores alone. */
function haveHappened(path: string, events: number): void {
  const db = new Database(path);
  db.run("INSERT INTO sqlite_sequence (name, seq) VALUES ('events', ?)", [events]);
  db.close();
}

/** What idle time does. */
function indexAll(path: string): void {
  const db = new Database(path, { strict: true });
  expect(indexSome(db)).toBe("done");
  db.close();
}

describe("every statement of a store", () => {
  test("is read from an index in its order: no scan of a table, no sort", async () => {
    const path = join(temporaryFolder(), "tasks.db");
    const called = new Set<string>();
    let seconds = 0;
    // A day a moment: keys are over by the next write.
    const now = (): Instant => ({
      wall: Date.UTC(2026, 0, 1) + 86_400_000 * ++seconds,
      uptime: 86_400 * seconds,
      boot_id: "b",
    });
    // Migrated already: what a migration runs is no server's statement.
    await (await openStore(path, { now, onOutdated: () => undefined })).close();
    haveHappened(path, 30_000);
    const statements = await statementsOf(async () => {
      const store = await openStore(path, { now, onOutdated: () => undefined });
      const told = telling(store, called);
      await useAll(told);
      indexAll(path);
      await useAll(told);
      await told.close();
      await pruneAll(path);
      expect([...called].toSorted()).toEqual(functionsOf(store).toSorted());
    });
    const written = ["store.ts", "prune.ts"].flatMap((file) => writtenStatements(join(SQLITE, file)));
    const unseen = written
      .filter(({ file, text }) => !NOT_SERVED.some(([name, what]) => file.endsWith(`/${name}`) && what.test(text)))
      .filter(({ becomes }) => !statements.some((sql) => becomes.test(sql)));
    expect(written.length).toBeGreaterThan(30);
    expect(unseen.map(({ file, text }) => `${file}: ${text}`)).toEqual([]);
    const slow = statements.flatMap((sql) =>
      planIn(path, sql)
        .filter((step) => !FINE.test(step))
        .filter((step) => !MAY_SCAN.some(([which, what]) => which.test(sql) && what.test(step)))
        .map((step) => `${step}: ${sql}`),
    );
    expect(slow).toEqual([]);
    // SQLite compares a bare parameter with what a statement is ordered by, looks at its value for that, and so prepares the
    // statement anew for each: ten times the work of running it.
    const ordered = statements.filter((sql) => /ORDER BY|LIMIT \+?[?$]/.test(sql));
    expect(ordered.length).toBeGreaterThan(20);
    expect(ordered.filter((sql) => /(?<![+\w])[?$]/.test(sql))).toEqual([]);
  });
});

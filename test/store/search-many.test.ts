import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { termsOf } from "../../src/domain/words.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import { latestSeq } from "../../src/store/sqlite/queries.ts";
import { search } from "../../src/store/sqlite/search.ts";
import { indexSome } from "../../src/store/sqlite/search-index.ts";
import type { Store } from "../../src/store/store.ts";
import { temporaryFolder } from "../support/folder.ts";
import { fillWithTasks } from "../support/many-tasks.ts";
import { joined } from "./contract-search.ts";

const NOW = { wall: Date.UTC(2026, 0, 1), uptime: 0 };

describe("a search of 24,000 tasks", () => {
  const path = join(temporaryFolder(), "tasks.db");
  let store: Store;
  let newest: number;

  beforeAll(async () => {
    await fillWithTasks(path, 24_000);
    const db = new Database(path, { strict: true });
    db.run("PRAGMA synchronous = OFF");
    while (indexSome(db) === "more") {
      // Slice by slice.
    }
    newest = latestSeq(db);
    db.close();
    store = await openStore(path, { now: () => NOW, onOutdated: () => undefined });
  });
  afterAll(() => store.close());

  test("looks at 10,000 candidates a page at most, and from there on by cursor", async () => {
    const pages: string[][] = [];
    let cursor: string | undefined;
    do {
      const page = await store.list({ query: "common", status: "done" }, { limit: 200, cursor });
      pages.push(page.entries.map(({ task_id }) => task_id));
      cursor = page.next_cursor;
    } while (cursor !== undefined);
    expect(pages.map(({ length }) => length)).toEqual([10, 10, 4]);
    expect(pages.flat()).toEqual(Array.from({ length: 24 }, (_, n) => `t${23_000 - 1000 * n}`));
    const none = await store.list({ query: "common", status: "cancelled" }, { limit: 20 });
    expect(none).toMatchObject({ entries: [], next_cursor: expect.any(String) });
    expect(await joined(store, { query: "common", status: "cancelled" }, 20)).toEqual([]);
  });

  test("looks for words that many have and none together no further than at 10,000 of each a page", () => {
    const db = new Database(path, { strict: true });
    const page = (below: number | undefined) =>
      search(db, { terms: termsOf("even odd"), filter: {}, below, limit: 20, now: NOW });
    const first = page(undefined);
    expect(first.rows).toEqual([]);
    // Every other task has each of them.
    expect(newest - (first.next ?? 0)).toBeWithin(19_900, 20_001);
    expect(page(first.next)).toEqual({ rows: [], next: undefined });
    db.close();
  });

  test("finds all that have several words, however many have each", async () => {
    const all = (query: string) => joined(store, { query }, 200);
    expect(await all("hundredth even")).toEqual(Array.from({ length: 240 }, (_, n) => `t${23_900 - 100 * n}`));
    expect(await all("common even")).toEqual(Array.from({ length: 12_000 }, (_, n) => `t${23_998 - 2 * n}`));
    expect(await all("even common unique1234")).toEqual(["t1234"]);
    expect(await all("odd common unique1234")).toEqual([]);
    expect(await joined(store, { query: "common even", status: "done" }, 7)).toEqual(
      Array.from({ length: 24 }, (_, n) => `t${23_000 - 1000 * n}`),
    );
  });
});

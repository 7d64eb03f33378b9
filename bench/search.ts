// How long a search takes among many tasks, and what the index costs those who write.
// By hand: `bun bench/search.ts [tasks]`, 100,000 unless told otherwise; figures of one machine at one moment.
import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClock } from "../src/clock.ts";
import { openStore } from "../src/store/sqlite/open.ts";
import { indexSome } from "../src/store/sqlite/search-index.ts";
import type { Store, TaskFilter } from "../src/store/store.ts";
import { update } from "../test/store/commands.ts";
import { fillWithTasks } from "../test/support/many-tasks.ts";

const TASKS = Number(Bun.argv[2] ?? "100000");
const ROUNDS = 300;
/** So far apart that searches one after another do not find what the one before had read. */
const STRIDE = 7919;

const folder = mkdtempSync(join(tmpdir(), "bench-search-"));
const path = join(folder, "tasks.db");
try {
  await measure();
} finally {
  rmSync(folder, { recursive: true });
}

async function measure(): Promise<void> {
  await fillWithTasks(path, TASKS);
  buildIndex();
  const store = await openStore(path, { now: createClock(), onOutdated: () => undefined });
  await searches(store);
  await writes(store);
  await store.close();
}

/** Indexes everything as idle time would, without its pauses. */
function buildIndex(): void {
  const db = new Database(path);
  const before = fileSize(db);
  const slices: number[] = [];
  for (let more = true; more; ) {
    const started = performance.now();
    more = indexSome(db) === "more";
    slices.push(performance.now() - started);
  }
  const seconds = slices.reduce((sum, slice) => sum + slice, 0) / 1000;
  const megabytes = [before, fileSize(db) - before].map((bytes) => `${(bytes / 1e6).toFixed(0)} MB`);
  console.error(`${TASKS} tasks: ${megabytes.join(", index ")}, indexed in ${seconds.toFixed(1)} s`);
  tell("one transaction of the index", slices);
  db.close();
}

async function searches(store: Store): Promise<void> {
  const kinds: readonly [name: string, filter: (round: number) => TaskFilter][] = [
    ["a word of every task", () => ({ query: "common" })],
    ["a word of one task", (round) => ({ query: `unique${(round * STRIDE) % TASKS}` })],
    ["any word", (round) => ({ query: `w${(round * STRIDE) % 5000}` })],
    ["a word of none", (round) => ({ query: `absent${round}` })],
    ["two words of many", () => ({ query: "common even" })],
    ["a word of every task and one of one", (round) => ({ query: `common unique${(round * STRIDE) % TASKS}` })],
    ["two words of many, never together", () => ({ query: "even odd" })],
    ["a word of every task, of a status few have", () => ({ query: "common", status: "done" })],
    ["a word of every task, of a status none has", () => ({ query: "common", status: "cancelled" })],
  ];
  for (const [name, filter] of kinds) {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      times.push(await timed(() => store.list(filter(round), { limit: 20 })));
    }
    tell(`search, ${name}`, times);
  }
}

/** A write marks its task by the event that it writes anyway; the rest is the searches' and idle time's. */
async function writes(store: Store): Promise<void> {
  const db = new Database(path);
  const [alone, indexing, searching]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    const task_id = `t${(round * STRIDE) % TASKS}`;
    alone.push(await timed(() => update(store, task_id, { title: `Changed ${round}` })));
    searching.push(await timed(() => store.list({ query: `changed ${round}` }, { limit: 20 })));
    indexing.push(await timed(async () => indexSome(db)));
  }
  tell("write", alone);
  tell("search right after a write, its task not indexed", searching);
  tell("indexing that task, in a transaction of its own", indexing);
  db.close();
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await act();
  return performance.now() - started;
}

function tell(name: string, times: number[]): void {
  const sorted = times.toSorted((a, b) => a - b);
  const [p50, p99, most] = [0.5, 0.99, 1].map((part) => sorted[Math.ceil(part * sorted.length) - 1]?.toFixed(2));
  console.error(`${name}: p50 ${p50} ms, p99 ${p99} ms, most ${most} ms`);
}

function fileSize(db: Database): number {
  const [pages, size] = ["page_count", "page_size"].map((name) =>
    Number(Object.values(Object(db.query(`PRAGMA ${name}`).get()))[0]),
  );
  return (pages ?? 0) * (size ?? 0);
}

// How what a call takes grows with the store: the executable on stdio, 2026-07-28, on stores of 1,000 to 1,000,000 tasks.
// By hand: `bun run build && bun bench/scale.ts [--keep folder] [sizes …]`. The stores are made once (a million takes minutes
// and 4 GB) and kept in `folder`, if one is named. All servers run at once and take turns call by call, so that a ratio is
// of one moment; the figures are medians.
import { Database } from "bun:sqlite";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCursorCodec } from "../src/store/sqlite/cursor.ts";
import { indexSome } from "../src/store/sqlite/search-index.ts";
import { fillWithHistories, SPREAD } from "../test/support/many-histories.ts";
import { type BenchClient, startClient } from "./stdio-client.ts";

const [, , ...argv] = Bun.argv;
const kept = argv[0] === "--keep" ? argv.splice(0, 2)[1] : undefined;
const SIZES = argv.length === 0 ? [1000, 100_000, 1_000_000] : argv.map(Number);
const ROUNDS = Number(Bun.env["ROUNDS"] ?? "300");
/** So far apart that calls one after another do not find what the one before had read. */
const STRIDE = 7919;

/** A store that is measured. */
interface Lane {
  tasks: number;
  client: BenchClient;
  /** A cursor to the middle of the list of one status. */
  middle: string;
}

/** One row of the table: what is called, and how much longer it may take than with the fewest tasks. */
interface Row {
  name: string;
  goal?: number;
  /** What the median may be at most, in milliseconds. */
  most?: number;
  run(lane: Lane, round: number): Promise<number>;
}

const folder = kept ?? mkdtempSync(join(tmpdir(), "bench-scale-"));
const work = mkdtempSync(join(kept ?? tmpdir(), "bench-scale-run-"));
const idOf = (n: number) => `task-${`${n}`.padStart(7, "0")}`;
const some = (lane: Lane, round: number) => idOf((round * STRIDE + 13) % lane.tasks);

function list(filter: (lane: Lane, round: number) => object): Row["run"] {
  return async (lane, round) => (await lane.client.call("list_tasks", filter(lane, round))).ms;
}

function call(name: string, args: (lane: Lane, round: number) => object): Row["run"] {
  return async (lane, round) => (await lane.client.call(name, args(lane, round))).ms;
}

/** Claims the next task and lets go of it again, which is not measured. */
function claim(where: (round: number) => object): Row["run"] {
  return async ({ client }, round) => {
    const agent = "bench";
    const { ms, answer } = await client.call("claim_task", { agent, ...where(round) });
    const { task_id } = Object(answer["task"]);
    if (task_id !== undefined) {
      await client.call("update_task", { task_id, agent, status: "open" });
    }
    return ms;
  };
}

function rows(): Row[] {
  const repo = (round: number) => `/home/dev/repo-${round % SPREAD.repos}`;
  const owner = (round: number) => `agent-${round % SPREAD.agents}`;
  return [
    { name: "list, no filter", goal: 1.3, run: list(() => ({})) },
    { name: "list, status done", goal: 1.3, run: list(() => ({ status: "done" })) },
    { name: "list, status open", goal: 1.3, run: list(() => ({ status: "open" })) },
    { name: "list, owner", goal: 1.3, run: list((_, round) => ({ owner: owner(round) })) },
    { name: "list, repo_path", goal: 1.3, run: list((_, round) => ({ repo_path: repo(round) })) },
    { name: "list, tag", goal: 1.3, run: list((_, round) => ({ tag: `tag-${round % SPREAD.tags}` })) },
    { name: "list, updated_since", goal: 1.3, run: list(() => ({ updated_since: "2024-01-01T12:00:00Z" })) },
    { name: "list, owner and status", run: list((_, round) => ({ owner: owner(round), status: "in_progress" })) },
    { name: "list, repo_path and status", run: list((_, round) => ({ repo_path: repo(round), status: "open" })) },
    {
      name: "list, tag and status",
      run: list((_, round) => ({ tag: `tag-${round % SPREAD.tags}`, status: "in_progress" })),
    },
    { name: "list, owner who has none", run: list(() => ({ owner: "nobody", status: "done" })) },
    { name: "list, a page in the middle", goal: 1.5, run: list(({ middle }) => ({ status: "done", cursor: middle })) },
    { name: "get_task", goal: 2.5, run: call("get_task", (lane, round) => ({ task_id: some(lane, round) })) },
    {
      name: "get_task, brief",
      goal: 2.5,
      run: call("get_task", (lane, n) => ({ task_id: some(lane, n), view: "brief" })),
    },
    { name: "search, any word", most: 5, run: list((_, round) => ({ query: `w${(round * STRIDE) % 5000}` })) },
    { name: "search, a word of every task", most: 5, run: list(() => ({ query: "common" })) },
    {
      name: "search, a word of one task",
      most: 5,
      run: list(({ tasks }, n) => ({ query: `unique${(n * STRIDE) % tasks}` })),
    },
    { name: "search, two words", most: 5, run: list((_, round) => ({ query: `even w${(round * STRIDE) % 300}` })) },
    { name: "claim next, offers to me", run: claim(() => ({})) },
    { name: "claim next, of a repository", run: claim((round) => ({ repo_path: repo(round) })) },
    { name: "claim next, of a repository that has none", run: claim(() => ({ repo_path: "/none" })) },
    { name: "claim next, anywhere", run: claim(() => ({ repo_path: "*" })) },
    {
      name: "create_task",
      run: call("create_task", (_, n) => ({ task_id: `new-${n}`, title: "New", goal: "Goal", tags: ["new"] })),
    },
    {
      name: "save_checkpoint",
      run: call("save_checkpoint", (_, n) => ({ task_id: `new-${n}`, agent: "bench", ...report(n) })),
    },
    {
      name: "update_task, any task",
      run: call("update_task", (lane, n) => ({ task_id: some(lane, n), title: `Title ${n}` })),
    },
  ];
}

function report(round: number) {
  return {
    completed_steps: [`step ${round}`, "x".repeat(200)],
    resume_prompt: "y".repeat(1000),
    context: "z".repeat(500),
  };
}

async function measure(): Promise<void> {
  const lanes: Lane[] = [];
  for (const tasks of SIZES) {
    lanes.push(await laneOf(tasks));
  }
  console.error(`${"".padEnd(44)}${SIZES.map((size) => `${size}`.padStart(13)).join("")}   ratio   goal`);
  for (const row of rows()) {
    const times = lanes.map((): number[] => []);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [index, lane] of lanes.entries()) {
        times[index]?.push(await row.run(lane, round));
      }
    }
    tell(row, times.map(median));
  }
  for (const { client } of lanes) {
    await client.end();
  }
}

function tell({ name, goal, most }: Row, medians: number[]): void {
  const [first = 0, last = 0] = [medians[0], medians.at(-1)];
  const ratio = last / first;
  const wanted = goal === undefined ? (most === undefined ? "" : `≤ ${most} ms`) : `≤ ${goal}`;
  const missed = ratio > (goal ?? Number.POSITIVE_INFINITY) || last > (most ?? Number.POSITIVE_INFINITY);
  const columns = medians.map((ms) => `${ms.toFixed(3)} ms`.padStart(13)).join("");
  console.error(`${name.padEnd(44)}${columns}${ratio.toFixed(2).padStart(8)}   ${wanted}${missed ? " MISSED" : ""}`);
}

function median(times: number[]): number {
  return times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? Number.NaN;
}

/** A server on a copy of the store of so many tasks, which is made where it is missing. */
async function laneOf(tasks: number): Promise<Lane> {
  const made = join(folder, `${tasks}.db`);
  if (!existsSync(made)) {
    const draft = `${made}.draft`;
    console.error(`making a store of ${tasks} tasks …`);
    rmSync(draft, { force: true });
    await fillWithHistories(draft, tasks);
    buildIndex(draft);
    copyFileSync(draft, made);
    rmSync(draft);
  }
  const place = join(work, `${tasks}`);
  mkdirSync(place);
  const path = join(place, "tasks.db");
  copyFileSync(made, path);
  console.error(`${tasks} tasks: ${(statSync(path).size / tasks).toFixed(0)} bytes each`);
  const client = startClient(path);
  await client.call("list_tasks", { limit: 1 });
  return { tasks, client, middle: middleOf(path) };
}

function buildIndex(path: string): void {
  const db = new Database(path, { strict: true });
  db.run("PRAGMA synchronous = OFF");
  db.run("PRAGMA cache_size = -400000");
  while (indexSome(db) === "more") {
    // Slice by slice.
  }
  db.run("PRAGMA wal_checkpoint(TRUNCATE)");
  db.close();
}

/** What the server would answer as `next_cursor` half way down the list of what is done. */
function middleOf(path: string): string {
  const db = new Database(path);
  const [key] = db.query<{ value: Uint8Array }, []>("SELECT value FROM meta WHERE key = 'cursor_key'").all();
  const half = "SELECT count(*) / 2 FROM tasks WHERE status = 'done'";
  const [row] = db
    .query<{ updated_at: string; id: number }, []>(
      `SELECT updated_at, id FROM tasks WHERE status = 'done' ORDER BY updated_at, id LIMIT 1 OFFSET (${half})`,
    )
    .all();
  db.close();
  const scope = `tasks ${JSON.stringify({ status: "done" })}`;
  return createCursorCodec(() => key?.value ?? new Uint8Array()).encode(scope, [row?.updated_at ?? "", row?.id ?? 0]);
}

try {
  await measure();
} finally {
  rmSync(work, { recursive: true });
  if (kept === undefined) {
    rmSync(folder, { recursive: true });
  }
}

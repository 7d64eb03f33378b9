// What several writing processes do to each other, and a locked store to its readers; on the built executable.
// By hand: `bun bench/contention.ts [seconds] [processes]`. Figures of one machine at one moment.
import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postStateless } from "../test/support/eras.ts";

const [seconds = 10, processes = 8] = Bun.argv.slice(2).map(Number);
const LOCKED_MS = 10_000;
const executable = join(import.meta.dir, "..", "dist", "mcp-task-server");
const folder = mkdtempSync(join(tmpdir(), "bench-contention-"));
const flags = ["--db", join(folder, "tasks.db"), "--artifacts", join(folder, "artifacts")];

interface Server {
  url: string;
  process: Bun.Subprocess;
}

async function start(): Promise<Server> {
  const process = Bun.spawn([executable, "--http", "--port", "0", ...flags], { stderr: "pipe", stdout: "ignore" });
  for await (const part of process.stderr.pipeThrough(new TextDecoderStream())) {
    const url = /"url":"([^"]+)"/.exec(part)?.[1];
    if (url !== undefined) {
      return { url, process };
    }
  }
  throw new Error("the server did not start");
}

/** One call: how long it took, and the code of its refusal. */
async function call({ url }: Server, name: string, args: Record<string, unknown>) {
  const started = performance.now();
  const answer = Object(await (await postStateless(url, "tools/call", { name, arguments: args })).json());
  const refusal = answer.result?.isError === true ? JSON.parse(answer.result.content[0].text).code : undefined;
  return { took: performance.now() - started, refusal: answer.error === undefined ? refusal : answer.error.code };
}

const at = (sorted: readonly number[], share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;

function spread(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  return `p50 ${at(sorted, 0.5).toFixed(1)}, p99 ${at(sorted, 0.99).toFixed(1)}, max ${at(sorted, 1).toFixed(1)} ms (${sorted.length})`;
}

/** Each of the servers has a writer of its own that never pauses. */
async function contend(servers: readonly Server[]): Promise<void> {
  const until = performance.now() + seconds * 1000;
  const writers = await Promise.all(
    servers.map(async (server, writer) => {
      const calls: Awaited<ReturnType<typeof call>>[] = [];
      for (let n = 0; performance.now() < until; n++) {
        calls.push(await call(server, "create_task", { task_id: `w${writer}-${n}`, title: "Title", goal: "Goal" }));
      }
      return calls;
    }),
  );
  const all = writers.flat();
  const counts = writers.map((calls) => calls.length);
  console.error(`${servers.length} writing processes, ${seconds} s: ${spread(all.map(({ took }) => took))}`);
  console.error(
    `  errors: ${all.filter(({ refusal }) => refusal !== undefined).length}; writes a process: ${counts.join(" ")}`,
  );
  console.error(`  slowest / fastest: ${(Math.min(...counts) / Math.max(...counts)).toFixed(2)}`);
}

/** Takes the write lock, unless another has it: a server may be indexing still. */
function begin(db: Database): boolean {
  try {
    db.run("BEGIN IMMEDIATE");
    return true;
  } catch {
    return false;
  }
}

/** Another process holds the store, while one server is asked for its health, to read and to write. */
async function hold(server: Server): Promise<void> {
  const db = new Database(flags[1] ?? "");
  while (!begin(db)) {
    await Bun.sleep(1);
  }
  const until = performance.now() + LOCKED_MS;
  const [health, reads, writes]: [number[], number[], Awaited<ReturnType<typeof call>>[]] = [[], [], []];
  const repeat = async (act: () => Promise<unknown>) => {
    while (performance.now() < until) {
      await act();
      await Bun.sleep(5);
    }
  };
  const asked = [
    repeat(async () => {
      const started = performance.now();
      await (await fetch(`${server.url}/health`)).text();
      health.push(performance.now() - started);
    }),
    repeat(async () => reads.push((await call(server, "get_task", { task_id: "w0-0" })).took)),
    repeat(async () => writes.push(await call(server, "create_task", { title: "Title", goal: "Goal" }))),
  ];
  await Bun.sleep(LOCKED_MS - 500);
  db.run("ROLLBACK");
  db.close();
  await Promise.all(asked);
  const codes = writes.map(({ refusal }) => refusal).filter(Boolean);
  console.error(`store held for ${(LOCKED_MS - 500) / 1000} s by another process:`);
  console.error(`  health ${spread(health)}\n  reads ${spread(reads)}`);
  console.error(`  writes ${spread(writes.map(({ took }) => took))}; refused: ${codes.join(" ") || "none"}`);
}

const servers = await Promise.all(Array.from({ length: processes }, start));
await contend(servers);
const [first] = servers;
if (first !== undefined) {
  await hold(first);
}
for (const { process } of servers) {
  process.kill();
  await process.exited;
}
rmSync(folder, { recursive: true, force: true });

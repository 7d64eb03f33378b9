// How soon a call that waits is answered once another process has committed what it waits for, and what waiting costs.
// By hand, after `bun run build`: `bun bench/wait.ts [rounds]`. Figures of one machine at one moment.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClock } from "../src/clock.ts";
import { openStore } from "../src/store/sqlite/open.ts";
import { create } from "../test/store/commands.ts";
import { sharedClock } from "./shared-clock.ts";

const EXECUTABLE = join(import.meta.dir, "..", "dist", "mcp-task-server");
const TASKS = 200;
/** The longest pause between two tasks, in milliseconds. */
const PAUSE_MS = 150;
const IDLE_CLIENTS = 500;
const IDLE_MS = 10_000;

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

const clock = sharedClock();
const [first = "3", path] = Bun.argv.slice(2);
if (first === "--write" && path !== undefined) {
  await write(path);
} else {
  for (let round = 0; round < Number(first); round++) {
    await measureLatency();
  }
  await measureIdle(IDLE_CLIENTS);
}

/** One client on stdio waits for one task after the other, which another process creates. */
async function measureLatency(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bench-wait-"));
  const database = join(folder, "tasks.db");
  const server = Bun.spawn([EXECUTABLE, "--db", database], { stdin: "pipe", stdout: "pipe", stderr: "ignore" });
  const wait = () => server.stdin.write(`${JSON.stringify(claim("bench"))}\n`);
  wait();
  const writer = Bun.spawn([process.execPath, import.meta.path, "--write", database], { stdout: "pipe" });
  const answered = new Map<string, number>();
  for await (const line of linesOf(server.stdout)) {
    const at = clock();
    answered.set(JSON.parse(line).result.structuredContent.task.task_id, at);
    if (answered.size === TASKS) {
      break;
    }
    wait();
  }
  const committed: [task_id: string, at: number][] = JSON.parse(await new Response(writer.stdout).text());
  const delays = committed.map(([task_id, at]) => (answered.get(task_id) ?? Number.NaN) - at).sort((a, b) => a - b);
  const [p50, p99, most] = [0.5, 0.99, 1].map((part) => delays[Math.ceil(part * delays.length) - 1]?.toFixed(2));
  console.error(`commit to answer, ${delays.length} tasks: p50 ${p50} ms, p99 ${p99} ms, most ${most} ms`);
  server.kill();
  await server.exited;
  rmSync(folder, { recursive: true });
}

/** Creates tasks from time to time; prints when each COMMIT had returned. */
async function write(database: string): Promise<void> {
  const store = await openStore(database, { now: createClock(), onOutdated: () => undefined });
  const committed: [task_id: string, at: number][] = [];
  for (let n = 0; n < TASKS; n++) {
    await Bun.sleep(20 + Math.random() * PAUSE_MS);
    await create(store, { task_id: `t${n}` });
    committed.push([`t${n}`, clock()]);
  }
  await store.close();
  await Bun.write(Bun.stdout, JSON.stringify(committed));
}

/** What a server uses of a core while clients wait over HTTP and nothing happens; Linux tells. */
async function measureIdle(clients: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bench-wait-"));
  const flags = ["--http", "--port", "0", "--db", join(folder, "tasks.db")];
  const server = Bun.spawn([EXECUTABLE, ...flags], { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  let log = "";
  for await (const part of server.stderr.pipeThrough(new TextDecoderStream())) {
    log += part;
    if (log.includes('"url"')) {
      break;
    }
  }
  const port = Number(/"url":"[^"]*:(\d+)"/.exec(log)?.[1]);
  const idle = async () => {
    const before = cpuMs(server.pid);
    await Bun.sleep(IDLE_MS);
    return `${((100 * (cpuMs(server.pid) - before)) / IDLE_MS).toFixed(2)} % of a core`;
  };
  console.error(`nobody waits: ${await idle()}`);
  const sockets = await Promise.all(Array.from({ length: clients }, (_, n) => waitOver(port, `client-${n}`)));
  console.error(`${clients} clients wait: ${await idle()}`);
  for (const socket of sockets) {
    socket.destroy();
  }
  server.kill();
  await server.exited;
  rmSync(folder, { recursive: true });
}

/** Waits on a connection of its own; resolves once the response has begun. */
async function waitOver(port: number, agent: string) {
  const body = JSON.stringify(claim(agent));
  const lines = [
    "POST /mcp HTTP/1.1",
    "Host: localhost",
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
    "MCP-Protocol-Version: 2026-07-28",
    "Mcp-Method: tools/call",
    "Mcp-Name: claim_task",
  ];
  const socket = connect(port, "127.0.0.1");
  socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`);
  await new Promise((resolve) => socket.once("data", resolve));
  return socket;
}

function claim(agent: string) {
  const args = { agent, repo_path: "*", wait_seconds: 45 };
  return {
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "claim_task", arguments: args, _meta: META },
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + part).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/** The time a process has had a core for, in milliseconds, in ticks of 10. */
function cpuMs(pid: number): number {
  const [, fields = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
  const [user = 0, system = 0] = fields.split(" ").slice(11, 13).map(Number);
  return 10 * (user + system);
}

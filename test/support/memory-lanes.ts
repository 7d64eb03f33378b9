import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { enveloped, postStateless } from "./eras.ts";
import { residentOf } from "./resident.ts";
import { connect, freshStore, type StdioServer, startHttp, startStdio, transports } from "./server.ts";

/** A way to a server whose memory is watched. */
export interface MemoryLane {
  pid: number;
  call(name: string, args: Record<string, unknown>): Promise<unknown>;
  /** `resources/read`. */
  read(uri: string): Promise<unknown>;
  /** Ends client and server: of many lanes only one is there at a time. */
  end(): Promise<unknown>;
}

/** Every transport and front, each with a server of its own, on a store of its own or that of `flags`. */
export const MEMORY_LANES: Readonly<Record<string, (flags?: readonly string[]) => Promise<MemoryLane>>> = {
  "stdio, 2025-11-25": (flags) => onStdio(flags, (server, method, params) => server.request(method, params)),
  "stdio, 2026-07-28": (flags) => onStdio(flags, (server, method, params) => server.request(method, enveloped(params))),
  "/mcp, a session": (flags) => onHttp(flags, (url) => sdkCalls(connect(transports.http(url)))),
  "/mcp, 2026-07-28": (flags) =>
    onHttp(flags, async (url) => ({
      call: async (name, args) => (await postStateless(url, "tools/call", { name, arguments: args })).text(),
      read: async (uri) => (await postStateless(url, "resources/read", { uri })).text(),
      close: async () => undefined,
    })),
  "/sse": (flags) => onHttp(flags, (url) => sdkCalls(connect(transports.sse(url)))),
};

type Calls = Pick<MemoryLane, "call" | "read"> & { close(): Promise<unknown> };

async function onStdio(
  flags: readonly string[] = freshStore(),
  send: (server: StdioServer, method: string, params: Record<string, unknown>) => Promise<unknown>,
): Promise<MemoryLane> {
  const server = startStdio(flags);
  await server.initialize();
  const ask = async (method: string, params: Record<string, unknown>) => {
    const answer = await send(server, method, params);
    // What it has received it need not keep, and would look through.
    server.received.length = 0;
    return answer;
  };
  return {
    pid: server.process.pid,
    call: (name, args) => ask("tools/call", { name, arguments: args }),
    read: (uri) => ask("resources/read", { uri }),
    end: () => server.end(),
  };
}

async function onHttp(
  flags: readonly string[] = freshStore(),
  open: (url: string) => Promise<Calls>,
): Promise<MemoryLane> {
  const { process, url } = await startHttp(flags);
  const { close, ...calls } = await open(url);
  return {
    pid: process.pid,
    ...calls,
    async end() {
      await close();
      process.kill("SIGTERM");
      await process.exited;
    },
  };
}

async function sdkCalls(connecting: Promise<Client>): Promise<Calls> {
  const client = await connecting;
  return {
    call: (name, args) => client.callTool({ name, arguments: args }),
    read: (uri) => client.readResource({ uri }),
    close: () => client.close(),
  };
}

/** How many calls are under way at once. */
const AT_ONCE = 8;
const CHECKPOINTS = 50;

/** Makes so many calls, a third of them writes, and tells how much memory was in use at least, early on (but once
 * what a server keeps for good is there) and at the end. */
export async function watchMemory(
  lane: MemoryLane,
  calls: number,
): Promise<{ early: number; late: number; peak: number }> {
  const samples: number[] = [];
  const tasks = Array.from({ length: AT_ONCE }, (_, n) => `t${n}`);
  for (const task_id of tasks) {
    await lane.call("create_task", { task_id, title: "T", goal: "g".repeat(16_000) });
  }
  for (let done = 0; done < calls; done += AT_ONCE) {
    await Promise.all(tasks.map((task_id, n) => lane.call(...callOf(done + n, task_id))));
    samples.push(residentOf(lane.pid).now);
  }
  const least = (from: number, to: number) =>
    Math.min(...samples.slice(Math.floor(from * samples.length), Math.ceil(to * samples.length)));
  return { early: least(0.3, 0.45), late: least(0.8, 1), peak: residentOf(lane.pid).peak };
}

function callOf(n: number, task_id: string): [string, Record<string, unknown>] {
  const kinds: readonly [string, Record<string, unknown>][] = [
    ["get_task", { task_id }],
    ["list_tasks", { limit: 5, query: `g${n}` }],
    [
      "save_checkpoint",
      { task_id, agent: "a", context: `${n % CHECKPOINTS}`.padEnd(60_000, "c"), resume_prompt: `${n}` },
    ],
  ];
  return kinds[n % kinds.length] ?? ["list_tasks", {}];
}

import { describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import {
  attachBig,
  connectRaw,
  head,
  inSession,
  openEventClient,
  openRawEventClient,
  openSession,
  request,
  toolCall,
} from "../support/raw-http.ts";
import { freshStore, type HttpServer, startHttp, startStdio } from "../support/server.ts";

const CLIENTS = 10;
/** Calls that each client has under way at once. */
const CALLS = 4;

/** Ends a server; answers its exit code and how long it took, in milliseconds. */
async function end({ process: server }: HttpServer, signal: NodeJS.Signals = "SIGTERM") {
  const told = performance.now();
  server.kill(signal);
  const exitCode = await server.exited;
  return { exitCode, took: performance.now() - told };
}

/** What became of the calls, by the ids of the tasks they create. */
interface Outcome {
  /** Answered: the task is there for good. */
  acknowledged: Set<string>;
  /** Accepted, by a 200 or a 202, and never answered. */
  forsaken: Set<string>;
}

const creation = (task_id: string) => toolCall(task_id, "create_task", { task_id, title: "Title", goal: "Goal" });

/** Creates tasks in a session of /mcp, one after the other, until the server refuses. */
async function createInSession(url: string, client: number, { acknowledged, forsaken }: Outcome): Promise<void> {
  const { post } = await openSession(url);
  const work = async (_: unknown, worker: number) => {
    for (let number = 0; ; number++) {
      const id = `session-${client}-${worker}-${number}`;
      const response = await post(creation(id)).catch(() => undefined);
      const text = response?.status === 200 ? await response.text().catch(() => undefined) : undefined;
      if (text === undefined) {
        return;
      }
      (text.includes('"created":true') ? acknowledged : forsaken).add(id);
    }
  };
  await Promise.all(Array.from({ length: CALLS }, work));
}

/** The same on a stream of /sse. */
async function createOnStream(url: string, client: number, { acknowledged, forsaken }: Outcome): Promise<void> {
  const { post, next } = await openEventClient(url);
  const accepted = new Set<string>();
  const work = async (_: unknown, worker: number) => {
    for (let number = 0; ; number++) {
      const id = `stream-${client}-${worker}-${number}`;
      if ((await post(creation(id)).catch(() => 0)) !== 202) {
        return;
      }
      accepted.add(id);
    }
  };
  const working = Promise.all(Array.from({ length: CALLS }, work));
  const answered = new Set<unknown>();
  for (let answer = await next(); answer !== null; answer = await next()) {
    const { id, result } = Object(answer);
    answered.add(id);
    if (result?.structuredContent?.created === true) {
      acknowledged.add(String(id));
    }
  }
  await working;
  for (const id of accepted) {
    if (!answered.has(id)) {
      forsaken.add(id);
    }
  }
}

test("SIGTERM under load: every accepted call is answered, no acknowledged one is lost, exit 0 within 5 s", async () => {
  const store = freshStore();
  const server = await startHttp(store);
  const outcome: Outcome = { acknowledged: new Set(), forsaken: new Set() };
  const working = Array.from({ length: CLIENTS }, (_, client) => [
    createInSession(server.url, client, outcome),
    createOnStream(server.url, client, outcome),
  ]).flat();
  while (outcome.acknowledged.size < 500) {
    await Bun.sleep(1);
  }
  const { exitCode, took } = await end(server);
  await Promise.all(working);
  expect(exitCode).toBe(0);
  expect(took).toBeLessThan(5000);
  expect([...outcome.forsaken]).toEqual([]);
  expect(statSync(`${store[1]}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0);

  const fresh = startStdio(store);
  await fresh.initialize();
  const found = [...outcome.acknowledged].map(async (task_id) => {
    const answer = await fresh.request("tools/call", { name: "get_task", arguments: { task_id } });
    return Object(answer["result"]).structuredContent?.task_id === task_id ? [] : [task_id];
  });
  expect((await Promise.all(found)).flat()).toEqual([]);
  expect(await fresh.end()).toBe(0);
});

test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
  "%s closes the streams of idle clients and ends with 0",
  async (signal) => {
    const server = await startHttp(freshStore());
    const { url } = server;
    const events = await openRawEventClient(url);
    const stream = connectRaw(url);
    stream.socket.write(inSession(await openSession(url)));
    await stream.until((received) => received.includes("\r\n\r\n"));
    const keptAlive = connectRaw(url);
    keptAlive.socket.write(head("GET /health HTTP/1.1", "Host: localhost"));
    await keptAlive.until((received) => received.endsWith("}"));
    const { exitCode, took } = await end(server, signal);
    expect(exitCode).toBe(0);
    expect(took).toBeLessThan(2000);
    // A chunk of nothing: the end was meant, the connection is not just broken.
    expect(await events.stream.ended).toEndWith("\r\n0\r\n\r\n");
    expect(await stream.ended).toEndWith("\r\n0\r\n\r\n");
    await keptAlive.ended;
  },
);

/** Clients that are in the way of an end, each put in place. */
const IN_THE_WAY: Readonly<Record<string, (url: string) => Promise<void>>> = {
  "has sent half a head": async (url) => {
    connectRaw(url).socket.write("GET /health HTTP/1.1\r\nHo");
    // By the time that others have been answered, it has been read.
    for (const _ of Array.from({ length: 10 })) {
      await (await fetch(`${url}/health`)).text();
    }
  },
  "has sent half a body": async (url) => {
    const { socket, until } = connectRaw(url);
    const lines = ["Host: localhost", "Content-Type: application/json", "Content-Length: 100", "Expect: 100-continue"];
    socket.write(head("POST /mcp HTTP/1.1", ...lines));
    await until((received) => received.startsWith("HTTP/1.1 100 "));
    socket.write('{"jsonrpc"');
  },
  "leaves its stream of /sse unread": async (url) => {
    const uri = await attachBig(await openSession(url));
    const { stream, post } = await openRawEventClient(url);
    stream.socket.pause();
    await post(request(1, "resources/read", { uri }));
    // The answer is under way, or not yet: either way nobody reads it.
  },
  "leaves an answer of /mcp unread": async (url) => {
    const session = await openSession(url);
    const uri = await attachBig(session);
    const { socket, until } = connectRaw(url);
    socket.write(inSession(session, request(1, "resources/read", { uri })));
    await until((received) => received.includes("data: "));
    socket.pause();
  },
};

describe("SIGTERM ends with 0 within 5 s even where a client", () => {
  test.each(Object.entries(IN_THE_WAY))("%s", async (_, stand) => {
    const server = await startHttp(freshStore());
    await stand(server.url);
    const { exitCode, took } = await end(server);
    expect(took).toBeLessThan(5000);
    expect(exitCode).toBe(0);
  });
});

import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { ENVELOPE } from "../support/eras.ts";
import { isHeld, openEventClient, openRawEventClient, openSession, request, toolCall } from "../support/raw-http.ts";
import { freshStore, startHttp } from "../support/server.ts";
import {
  answerOf,
  beginInSession,
  beginOnStdio,
  beginStateless,
  callOn,
  cancellation,
  claimNext,
  create,
  creation,
  onStdio,
  type RawWait,
} from "../support/waiting.ts";

const NONE = { message: expect.stringContaining("no task") };
const ENDED = (received: string) => received.endsWith("\r\n0\r\n\r\n");

/** Hangs up; resolves when the server has seen it. */
async function hangUp(url: string, connection: RawWait["connection"]): Promise<void> {
  connection.socket.destroy();
  while (process.platform === "linux" ? isHeld(connection) : false) {
    await Bun.sleep(1);
  }
  // Linux alone tells when; elsewhere it has had the time of a few requests.
  for (const _ of Array.from({ length: 10 })) {
    await (await fetch(`${url}/health`)).text();
  }
}

/** Ways for a client to go while its call waits. */
const GONE: Readonly<Record<string, (url: string) => Promise<void>>> = {
  "a client of 2026-07-28 closes the response": async (url) =>
    hangUp(url, (await beginStateless(url, "gone")).connection),
  "a client of a session hangs up": async (url) => hangUp(url, (await beginInSession(url, "gone")).connection),
  "a client of a session cancels": async (url) => {
    const session = await openSession(url);
    const { connection } = await beginInSession(url, "gone", session);
    await session.post(cancellation("gone"));
    await connection.until(ENDED);
  },
  "a session is deleted": async (url) => {
    const session = await openSession(url);
    const { connection } = await beginInSession(url, "gone", session);
    await fetch(`${url}/mcp`, { method: "DELETE", headers: session.headers });
    await connection.until(ENDED);
  },
  "a client of /sse hangs up": async (url) => {
    const { stream, post } = await openRawEventClient(url);
    await post({ ...toolCall(1, "", {}), params: { ...claimNext("gone"), _meta: { progressToken: 1 } } });
    await stream.until((received) => received.includes("notifications/progress"));
    await hangUp(url, stream);
  },
};

describe("a call that waits takes nothing any more", () => {
  test.each(Object.entries(GONE))("once %s", async (_, go) => {
    const store = freshStore();
    const { url, process: server } = await startHttp(store);
    const other = await onStdio(store);
    await go(url);
    const { answer } = await beginStateless(url, "there");
    await create(other, "t");
    // It has waited for less long than the one that is gone, and would have come second.
    expect(await answer()).toMatchObject({ task: { task_id: "t", current_owner: "there" } });
    server.kill("SIGTERM");
    expect(await server.exited).toBe(0);
  });

  test.each(["session", "stateless"] as const)("once a client on stdio cancels (%s)", async (era) => {
    const server = await onStdio(freshStore());
    await beginOnStdio(server, "gone", era).waiting;
    server.write(`${JSON.stringify(cancellation("gone"))}\n`);
    const there = beginOnStdio(server, "there", era);
    await there.waiting;
    await create(server, "t");
    expect(await there.answer).toMatchObject({ task: { task_id: "t", current_owner: "there" } });
    expect(await server.end()).toBe(0);
    expect(server.received.filter(({ id }) => id === "gone")).toEqual([]);
  });
});

describe("a call that waits is answered at once", () => {
  test.each(["session", "stateless"] as const)("when the input ends (%s)", async (era) => {
    const server = await onStdio(freshStore());
    const { waiting, answer } = beginOnStdio(server, "a", era);
    await waiting;
    expect(await server.end()).toBe(0);
    expect(await answer).toEqual(NONE);
  });

  test("when the server is told to end, on stdio", async () => {
    const server = await onStdio(freshStore());
    const { waiting, answer } = beginOnStdio(server, "a");
    await waiting;
    server.process.kill("SIGTERM");
    expect(await answer).toEqual(NONE);
    expect(await server.process.exited).toBe(0);
  });

  test("when the server is told to end, over HTTP", async () => {
    const { url, process: server } = await startHttp(freshStore());
    const waits = [await beginStateless(url, "stateless"), await beginInSession(url, "session")];
    const legacy = await openEventClient(url);
    await legacy.post({ ...toolCall(1, "", {}), params: claimNext("stream") });
    await legacy.request(request(2, "ping"));
    server.kill("SIGTERM");
    const answers = [...waits.map(({ answer }) => answer()), legacy.next().then(answerOf)];
    expect(await Promise.all(answers)).toEqual([NONE, NONE, NONE]);
    expect(await server.exited).toBe(0);
  });
});

test("a write that is cancelled while another process holds the store is not made", async () => {
  const store = freshStore();
  const [server, { url }] = [await onStdio(store), await startHttp(store)];
  const session = await openSession(url);
  const holder = new Database(store[1] ?? "");
  holder.run("PRAGMA busy_timeout = 5000");
  holder.run("BEGIN IMMEDIATE");
  const call = (id: string, _meta: object = {}) => {
    const params = { name: "create_task", arguments: creation(id), _meta };
    return { jsonrpc: "2.0", id, method: "tools/call", params };
  };
  const sent = [call("session"), call("stateless", ENVELOPE), call("kept")];
  const cancelled = ["session", "stateless"].map(cancellation);
  server.write([...sent, ...cancelled].map((message) => `${JSON.stringify(message)}\n`).join(""));
  const posted = await session.post(call("posted"));
  await session.post(cancellation("posted"));
  await posted.text();
  await server.request("ping");
  holder.run("ROLLBACK");
  holder.close();
  await server.next(({ id }) => id === "kept");
  // Both processes have had a turn since.
  await session.request(toolCall(1, "create_task", creation("after")));
  const { tasks } = await callOn(server, "list_tasks", {});
  const ids = Object(tasks).map(({ task_id }: { task_id: string }) => task_id);
  expect(ids.toSorted()).toEqual(["after", "kept"]);
});

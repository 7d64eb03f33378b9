import { expect, test } from "bun:test";
import { statelessBytes } from "../support/load.ts";
import {
  attachBig,
  connectRaw,
  exchange,
  inSession,
  isHeld,
  openRawEventClient,
  openSession,
  type RawConnection,
  request,
  toolCall,
} from "../support/raw-http.ts";
import { freshStore, startHttp } from "../support/server.ts";
import { beginInSession, beginStateless, creation } from "../support/waiting.ts";

const { url } = await startHttp(freshStore());
const uri = await attachBig(await openSession(url));
/** Where there is nothing to claim. */
const empty = await startHttp(freshStore());

/** How often a comment line has come on a stream so far. */
const comments = (received: string) => received.split(/^:/m).length - 1;

/** Resolves when the server has let go of a connection; rejects after 50 s, an idle timeout and a half. */
async function released(connection: RawConnection): Promise<void> {
  const end = performance.now() + 50_000;
  while (isHeld(connection)) {
    if (performance.now() > end) {
      throw new Error("the server has held the connection for 50 s");
    }
    await Bun.sleep(100);
  }
}

const notLinux = process.platform !== "linux";

// All at once: each of them is waiting, and nothing else.
test.concurrent("idle streams of /sse, GET /mcp and a subscription get a comment within 20 s and work after 35 s (takes 36 s)", async () => {
  const begun = performance.now();
  const events = await openRawEventClient(url);
  const session = await openSession(url);
  const stream = connectRaw(url);
  stream.socket.write(inSession(session));
  await stream.until((received) => received.includes("\r\n\r\n"));
  const subscription = connectRaw(url);
  subscription.socket.write(statelessBytes("subscriptions/listen", { notifications: { resourcesListChanged: true } }));
  await subscription.until((received) => received.includes("acknowledged"));
  const commented = [events.stream, stream, subscription].map(async (idle) => {
    const before = comments(await idle.until(() => true));
    await idle.until((received) => comments(received) > before);
    expect(performance.now() - begun).toBeLessThan(20_000);
  });
  await Promise.all(commented);
  await Bun.sleep(36_000 - (performance.now() - begun));
  expect(await events.post(request("late", "ping"))).toBe(202);
  await events.stream.until((received) => received.includes('"id":"late"'));
  expect((await exchange(url, inSession(session))).status).toBe(409);
  expect(await stream.until(() => true)).not.toEndWith("\r\n0\r\n\r\n");
  await session.request(toolCall(2, "create_task", creation("late")));
  await subscription.until((received) => received.includes("list_changed"));
  expect(await session.request(request(1, "ping"))).toEqual({ jsonrpc: "2.0", id: 1, result: {} });
  events.stream.socket.destroy();
  stream.socket.destroy();
  subscription.socket.destroy();
}, 60_000);

test.concurrent("calls of /mcp that wait for 40 s survive it in both eras, and are told of a task then (takes 40 s)", async () => {
  const waits = [await beginStateless(empty.url, "stateless"), await beginInSession(empty.url, "session")];
  await Bun.sleep(40_000);
  const creator = await openSession(empty.url);
  for (const task_id of ["late-1", "late-2"]) {
    await creator.request(toolCall(task_id, "create_task", creation(task_id)));
  }
  expect(await Promise.all(waits.map(({ answer }) => answer()))).toMatchObject([
    { task: { current_owner: "stateless" } },
    { task: { current_owner: "session" } },
  ]);
}, 60_000);

test.concurrent.skipIf(notLinux)(
  "the connection of a client cut off its stream of /sse is closed (Linux only, takes up to 50 s)",
  async () => {
    const { stream, post } = await openRawEventClient(url);
    stream.socket.pause();
    await Promise.all(Array.from({ length: 8 }, (_, id) => post(request(id, "resources/read", { uri }))));
    await released(stream);
    stream.socket.destroy();
  },
  60_000,
);

test.concurrent.skipIf(notLinux)(
  "the connection of a client that leaves its answer of /mcp unread is closed (Linux only, takes up to 50 s)",
  async () => {
    const stream = connectRaw(url);
    stream.socket.write(inSession(await openSession(url), request(1, "resources/read", { uri })));
    await stream.until((received) => received.includes("\r\n\r\n"));
    stream.socket.pause();
    await released(stream);
    stream.socket.destroy();
  },
  60_000,
);

test.concurrent.each([
  ["an answer", request(1, "ping")],
  ["a 202", { jsonrpc: "2.0", method: "notifications/initialized" }],
  ["a 400", 42],
])(
  "a connection that stays idle after %s of POST /mcp is closed (takes up to 50 s)",
  async (_, message) => {
    const connection = connectRaw(url);
    connection.socket.write(inSession(await openSession(url), message));
    await connection.until((received) => received.includes("\r\n\r\n"));
    const closed = connection.ended.then(() => "closed");
    expect(await Promise.race([closed, Bun.sleep(50_000).then(() => "open for 50 s")])).toBe("closed");
    connection.socket.destroy();
  },
  60_000,
);

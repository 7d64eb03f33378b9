import { describe, expect, test } from "bun:test";
import {
  attachBig,
  connectRaw,
  type EventClient,
  head,
  initialize,
  inSession,
  messagesOf,
  openEventClient,
  openRawEventClient,
  openSession,
  peakMiB,
  postJson,
  type RawConnection,
  request,
  type Session,
} from "../support/raw-http.ts";
import { freshStore, startHttp } from "../support/server.ts";

/** What a server may hold in memory, whatever its clients do; it has some 110 MiB after one artifact of 10 MiB. */
const BOUND_MIB = 400;
const MIB = 1024 * 1024;

async function expectServed(...clients: readonly (Session | EventClient)[]): Promise<void> {
  for (const client of clients) {
    expect(await client.request(request("served", "ping"))).toEqual({ jsonrpc: "2.0", id: "served", result: {} });
  }
}

describe.skipIf(process.platform !== "linux")("memory stays bounded (Linux only)", () => {
  test("and others are served while a client that does not read is cut off its stream of /sse", async () => {
    const { url, process: server } = await startHttp(freshStore());
    const session = await openSession(url);
    const reader = await openEventClient(url);
    const uri = await attachBig(session);
    const { stream, post } = await openRawEventClient(url);
    stream.socket.pause();
    let [posts, status] = [0, 202];
    while (status === 202 && posts < 40) {
      posts++;
      status = await post(request(posts, "resources/read", { uri }));
      // Somebody else's answer to the same: by then this one, begun before, is there too.
      expect(await reader.request(request(posts, "resources/read", { uri }))).toMatchObject({ id: posts });
      await expectServed(session, reader);
    }
    expect(status).toBe(404);
    expect(peakMiB(server.pid)).toBeLessThan(BOUND_MIB);
  });

  test("and others are served while one batch asks for 400 MiB", async () => {
    const { url, process: server } = await startHttp(freshStore());
    const session = await openSession(url, "2025-03-26");
    const others = [await openSession(url), await openEventClient(url)];
    const uri = await attachBig(session);
    const stream = connectRaw(url);
    stream.socket.write(
      inSession(
        session,
        Array.from({ length: 40 }, (_, id) => request(id, "resources/read", { uri })),
      ),
    );
    await stream.until((received) => received.includes("\r\n\r\n"));
    stream.socket.pause();
    // There is no telling when the server is through with it; the peak, if there is one, comes within two seconds.
    const end = performance.now() + 3000;
    while (performance.now() < end) {
      await expectServed(...others);
    }
    stream.socket.destroy();
    expect(peakMiB(server.pid)).toBeLessThan(BOUND_MIB);
  });
});

test("a client that reads is not cut, however much it asks for at once", async () => {
  const { url } = await startHttp(freshStore());
  const uri = await attachBig(await openSession(url));
  const { stream, post } = await openRawEventClient(url);
  const reads = Array.from({ length: 8 }, (_, id) => post(request(id, "resources/read", { uri })));
  const all = stream.until((received) => received.length > reads.length * 10 * MIB).then(({ length }) => length);
  expect(await Promise.all(reads)).toEqual(reads.map(() => 202));
  // Where it is cut, its stream just stands still.
  expect(await Promise.race([all, Bun.sleep(5000)])).toBeGreaterThan(80 * MIB);
  expect(await post(request("still there", "ping"))).toBe(202);
  stream.socket.destroy();
});

describe("there is an end to what is kept for clients", () => {
  test("beyond 1024 streams of /sse the next is refused with 503, until one is hung up", async () => {
    const { url } = await startHttp(freshStore());
    const open = async (): Promise<[RawConnection, string]> => {
      const stream = connectRaw(url);
      stream.socket.write(head("GET /sse HTTP/1.1", "Host: localhost"));
      return [stream, await stream.until((text) => /\}$|\n\n/.test(text))];
    };
    const streams = await Promise.all(Array.from({ length: 1024 }, open));
    expect(streams.filter(([, received]) => received.includes("event: endpoint")).length).toBe(1024);
    const [, refused] = await open();
    expect(refused).toStartWith("HTTP/1.1 503 ");
    expect(refused).toMatch(/^retry-after: 60\r$/im);
    streams[0]?.[0].socket.destroy();
    let received = refused;
    while (received.startsWith("HTTP/1.1 503 ")) {
      [, received] = await open();
    }
    expect(received).toContain("event: endpoint");
    expect((await fetch(`${url}/health`)).status).toBe(200);
    for (const [{ socket }] of streams) {
      socket.destroy();
    }
  });

  test("beyond 1024 sessions of /mcp the longest idle one makes room", async () => {
    const { url } = await startHttp(freshStore());
    const first = await openSession(url);
    const second = await openSession(url);
    for (let opened = 2; opened < 1024; opened++) {
      await messagesOf(await postJson(`${url}/mcp`, initialize("2025-11-25")));
    }
    await expectServed(first);
    await expectServed(await openSession(url));
    expect((await second.post(request(1, "ping"))).status).toBe(404);
    await expectServed(first);
  });
});

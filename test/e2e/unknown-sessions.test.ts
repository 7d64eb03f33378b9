import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { connectRaw, messagesOf, openEventClient, openSession, postJson, request } from "../support/raw-http.ts";
import { freshStore, startHttp } from "../support/server.ts";

/** What the garbage collector leaves to chance, in MiB. */
const NOISE_MIB = 8;
const LANES = 16;

const { url, process: server } = await startHttp(freshStore());
const ping = request(1, "ping");

/** What the server holds in memory, in MiB; Linux tells. */
function residentMiB(): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1]) / 1024;
}

/** Asks for so many sessions that there never were, in every way one can be asked for; answers the statuses that came. */
async function askForUnknown(count: number): Promise<Set<number>> {
  const statuses = new Set<number>();
  let left = count;
  const lane = async () => {
    while (left-- > 0) {
      const id = `${crypto.randomUUID()}${crypto.randomUUID()}`;
      const headers = { "mcp-session-id": id, accept: "text/event-stream" };
      const response = await [
        () => postJson(`${url}/mcp`, ping, { "mcp-session-id": id }),
        () => fetch(`${url}/mcp`, { headers }),
        () => fetch(`${url}/mcp`, { method: "DELETE", headers }),
        () => postJson(`${url}/message?clientId=${id}`, ping),
      ][left & 3]?.();
      await response?.arrayBuffer();
      statuses.add(response?.status ?? 0);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return statuses;
}

describe("a session that there is not", () => {
  test.skipIf(process.platform !== "linux")(
    "costs no memory: 10,000 of them are 404 and leave nothing (Linux only)",
    async () => {
      const session = await openSession(url);
      // What the first ones load and warm up.
      await askForUnknown(10_000);
      const before = residentMiB();
      expect(await askForUnknown(10_000)).toEqual(new Set([404]));
      expect(residentMiB() - before).toBeLessThan(NOISE_MIB);
      expect(await session.request(ping)).toEqual({ jsonrpc: "2.0", id: 1, result: {} });
    },
  );

  test("is never taken for another one: not for the only one, nor for one named anywhere but in the header", async () => {
    const session = await openSession(url);
    const client = await openEventClient(url);
    const id = `${session.headers["mcp-session-id"]}`;
    const version = { "mcp-protocol-version": "2025-11-25" };
    for (const [path, headers, body] of [
      ["/mcp", {}, ping],
      [`/mcp?sessionId=${id}`, {}, ping],
      [`/mcp?Mcp-Session-Id=${id}`, {}, ping],
      ["/mcp", { cookie: `Mcp-Session-Id=${id}` }, ping],
      ["/mcp", {}, { ...ping, params: { _meta: { "Mcp-Session-Id": id } } }],
    ] as const) {
      const response = await postJson(`${url}${path}`, body, { ...version, ...headers });
      expect({ path, status: response.status }).toEqual({ path, status: 400 });
      expect(await messagesOf(response)).toMatchObject([{ id: null, error: { code: -32000 } }]);
    }
    for (const wrong of [
      id.slice(0, -1),
      `${id}0`,
      id.toUpperCase().replace(/^\d*$/, "A"),
      ` ${id} ${id}`,
      `${id}, ${id}`,
    ]) {
      expect((await postJson(`${url}/mcp`, ping, { ...version, "mcp-session-id": wrong })).status).toBe(404);
    }
    // One transport's id is none of the other's.
    expect((await postJson(`${url}/message?clientId=${id}`, ping)).status).toBe(404);
    expect((await postJson(`${url}/mcp`, ping, { "mcp-session-id": client.clientId })).status).toBe(404);
    expect((await postJson(`${url}/message`, ping, { "mcp-session-id": client.clientId })).status).toBe(400);
  });

  test("is told apart from two in one request: both headers are one value, which is nobody's", async () => {
    const [one, other] = [await openSession(url), await openSession(url)];
    const body = JSON.stringify(ping);
    const lines = [
      "POST /mcp HTTP/1.1",
      "Host: localhost",
      "Content-Type: application/json",
      `Content-Length: ${body.length}`,
      `Mcp-Session-Id: ${one.headers["mcp-session-id"]}`,
      `Mcp-Session-Id: ${other.headers["mcp-session-id"]}`,
    ];
    const { socket, until } = connectRaw(url);
    socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`);
    expect(await until((received) => received.includes("\r\n\r\n"))).toStartWith("HTTP/1.1 404 ");
    socket.destroy();
  });
});

import { describe, expect, test } from "bun:test";
import { connectRaw, messagesOf, openEventClient, openSession, postJson, request } from "../support/raw-http.ts";
import { freshStore, startHttp } from "../support/server.ts";

const { url } = await startHttp(freshStore());
const ping = request(1, "ping");

describe("a session that there is not", () => {
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

import { describe, expect, test } from "bun:test";
import { connectRaw, head, openEventClient, openSession, postJson, request } from "../support/raw-http.ts";
import { freshStore, startHttp } from "../support/server.ts";

/** The most bytes a request's body may have. */
const BODY_BYTES = 16 * 1024 * 1024;

const { url } = await startHttp(freshStore());
const session = await openSession(url);
const client = await openEventClient(url);

/** The endpoints that take a body, and what they answer to a ping. */
const ENDPOINTS: readonly { name: string; path: string; accepted: number }[] = [
  { name: "/mcp", path: "/mcp", accepted: 200 },
  { name: "/message", path: `/message?clientId=${client.clientId}`, accepted: 202 },
];

/** A ping that is exactly `bytes` long. */
function pingOf(bytes: number): string {
  const empty = JSON.stringify(request("ping", "ping", { _meta: { padding: "" } }));
  return empty.replace('"padding":""', `"padding":"${"x".repeat(bytes - empty.length)}"`);
}

describe.each(ENDPOINTS)("POST $name", ({ path, accepted }) => {
  const post = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    postJson(`${url}${path}`, body, { ...session.headers, ...headers });

  test.each([
    "application/json",
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    "Application/JSON",
  ])("takes the content type %s", async (type) => {
    const response = await post(request(1, "ping"), { "content-type": type });
    expect(response.status).toBe(accepted);
    await response.text();
  });

  test.each([
    "text/plain",
    "text/plain; application/json",
    "application/jsonp",
    "application/x-www-form-urlencoded",
    "",
  ])("refuses the content type %p with 415", async (type) => {
    const response = await post(request(1, "ping"), { "content-type": type });
    expect(response.status).toBe(415);
    expect(await response.text()).toContain("Content-Type must be application/json");
  });

  test.each([
    ["bad JSON", '{"jsonrpc": "2.0", '],
    ["no JSON at all", "hello"],
    ["nothing", ""],
    ["two values", "{} {}"],
    ["invalid UTF-8", Uint8Array.from([0x22, 0xff, 0xfe, 0x22])],
    ["an overlong UTF-8 sequence", Uint8Array.from([0x22, 0xc0, 0xaf, 0x22])],
  ])("answers %s with 400 and -32700 without id", async (_, body) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    const { jsonrpc, id, error } = JSON.parse(await response.text());
    expect({ jsonrpc, id, code: error.code }).toEqual({ jsonrpc: "2.0", id: null, code: -32700 });
    expect(error.message).toStartWith("Parse error: ");
  });

  test("takes a body of exactly 16 MiB", async () => {
    const response = await post(pingOf(BODY_BYTES));
    expect(response.status).toBe(accepted);
    await response.text();
  });

  test("refuses a body of one byte more with 413, and goes on serving", async () => {
    const response = await post(pingOf(BODY_BYTES + 1));
    expect(response.status).toBe(413);
    await response.text();
    expect((await post(request(1, "ping"))).status).toBe(accepted);
  });

  test("takes a body in chunks", async () => {
    expect(await postChunked(path, 1024 * 1024)).toBe(accepted);
  });

  test("refuses a body in chunks once they are more than 16 MiB with 413", async () => {
    expect(await postChunked(path, BODY_BYTES + 1)).toBe(413);
  });
});

test("the session and the stream that all this went through still answer", async () => {
  expect(await session.request(request("after", "ping"))).toEqual({ jsonrpc: "2.0", id: "after", result: {} });
  expect(await client.post(request("after", "ping"))).toBe(202);
  let message = await client.next();
  while (!Bun.deepEquals(message, { jsonrpc: "2.0", id: "after", result: {} })) {
    // The answers to all the pings before it.
    expect(message).toMatchObject({ jsonrpc: "2.0", result: {} });
    message = await client.next();
  }
});

/** POSTs a ping of `bytes` bytes in chunks of 64 KiB and answers the status, which may come before the last chunk. */
async function postChunked(path: string, bytes: number): Promise<number> {
  const headers = {
    ...session.headers,
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const { socket, until } = connectRaw(url);
  socket.write(head(`POST ${path} HTTP/1.1`, "Host: localhost", "Transfer-Encoding: chunked", ...lines));
  const body = pingOf(bytes);
  const size = 64 * 1024;
  for (let at = 0; at < body.length; at += size) {
    const part = body.slice(at, at + size);
    socket.write(`${part.length.toString(16)}\r\n${part}\r\n`);
  }
  socket.write("0\r\n\r\n");
  try {
    const [, status] = /^HTTP\/1\.1 (\d+) /.exec(await until((received) => received.includes("\r\n\r\n"))) ?? [];
    return Number(status);
  } finally {
    socket.destroy();
  }
}

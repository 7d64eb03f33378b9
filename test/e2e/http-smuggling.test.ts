import { describe, expect, test } from "bun:test";
import { enveloped, postStateless } from "../support/eras.ts";
import { connectRaw, head, request } from "../support/raw-http.ts";
import { freshStore, startHttp } from "../support/server.ts";

const { url } = await startHttp(freshStore());

/** A POST that creates a task, whole and well: what is hidden in other requests, or bent. */
const body = (task_id: string) =>
  JSON.stringify(
    request(1, "tools/call", enveloped({ name: "create_task", arguments: { task_id, title: "T", goal: "G" } })),
  );
const LINES = [
  "Content-Type: application/json",
  "MCP-Protocol-Version: 2026-07-28",
  "Mcp-Method: tools/call",
  "Mcp-Name: create_task",
];
const HOST = "Host: localhost";
const post = (text: string, ...headers: string[]) => head("POST /mcp HTTP/1.1", ...headers, ...LINES) + text;
const whole = (task_id: string, host = HOST) => post(body(task_id), host, `Content-Length: ${body(task_id).length}`);
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
const chunked = (text: string) => post(text, HOST, "Transfer-Encoding: chunked");
const LAST = "0\r\n\r\n";

/** Requests that are bent in no way, though unusual; they make the tasks that they name. */
const HONEST: readonly [name: string, statuses: readonly number[], bytes: string][] = [
  // Bun hangs up on what is pipelined behind a request that is not answered in the same turn; that is not executed.
  ["three in one go", [200], whole("first") + whole("second") + whole("third")],
  ["in chunks with an extension", [200], chunked(`${chunk(body("chunks")).replace("\r\n", ";a=b\r\n")}${LAST}`)],
  ["an absolute target", [200], whole("absolute").replace("/mcp", "http://localhost/mcp")],
  [
    "Expect: 100-continue",
    [100, 200],
    post(body("expected"), HOST, `Content-Length: ${body("expected").length}`, "Expect: 100-continue"),
  ],
  [
    "an expectation that is unknown",
    [200],
    post(body("unknown"), HOST, `Content-Length: ${body("unknown").length}`, "Expect: 200-maybe"),
  ],
  ["HTTP/1.0 with a host", [200], whole("old").replace("HTTP/1.1", "HTTP/1.0")],
];

/** Requests that say their length in two ways, or badly; what is smuggled stands where one reading sees a body, another a request. */
const hidden = whole("hidden");
const CASES: readonly [name: string, statuses: readonly number[], bytes: string][] = [
  [
    "Content-Length and Transfer-Encoding",
    [400],
    post(LAST + hidden, HOST, `Content-Length: ${LAST.length + hidden.length}`, "Transfer-Encoding: chunked"),
  ],
  [
    "Transfer-Encoding and Content-Length",
    [400],
    post(LAST + hidden, HOST, "Transfer-Encoding: chunked", "Content-Length: 5"),
  ],
  [
    "two lengths",
    [400],
    post(
      body("x") + hidden,
      HOST,
      `Content-Length: ${body("x").length}`,
      `Content-Length: ${body("x").length + hidden.length}`,
    ),
  ],
  ["two lengths in one line", [400], post(body("x"), HOST, `Content-Length: ${body("x").length}, 0`)],
  ["a length of -1", [400], post(body("x"), HOST, "Content-Length: -1")],
  ["a length of +N", [400], post(body("x"), HOST, `Content-Length: +${body("x").length}`)],
  ["a length in hex", [400], post(body("x"), HOST, `Content-Length: 0x${body("x").length.toString(16)}`)],
  ["a length with letters", [400], post(body("x"), HOST, `Content-Length: ${body("x").length}x`)],
  ["no length at all", [400], post(body("x"), HOST)],
  ["an empty length", [400], post(body("x"), HOST, "Content-Length:")],
  ["a length of twenty digits", [400], post(body("x"), HOST, "Content-Length: 99999999999999999999")],
  ["the encoding xchunked", [400], post(chunk(body("x")) + LAST, HOST, "Transfer-Encoding: xchunked")],
  [
    "the encoding chunked, identity",
    [400],
    post(chunk(body("x")) + LAST, HOST, "Transfer-Encoding: chunked, identity"),
  ],
  ["the encoding identity", [400], post(body("x"), HOST, "Transfer-Encoding: identity")],
  ["the encoding gzip, chunked", [400], post(chunk(body("x")) + LAST, HOST, "Transfer-Encoding: gzip, chunked")],
  ["a space before the colon", [400], post(chunk(body("x")) + LAST, HOST, "Transfer-Encoding : chunked")],
  ["a vertical tab after chunked", [400], post(chunk(body("x")) + LAST, HOST, "Transfer-Encoding: \u000bchunked")],
  [
    "two encodings",
    [400],
    post(chunk(body("x")) + LAST, HOST, "Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
  ],
  ["a chunk size that is none", [400], chunked(`zz\r\n${body("x")}\r\n${LAST}`)],
  ["a negative chunk size", [400], chunked(`-1\r\n${body("x")}\r\n${LAST}`)],
  [
    "a chunk size that overflows",
    [400],
    post(
      `1000000000000000${body("x").length.toString(16)}\r\n${body("x")}\r\n${LAST}`,
      HOST,
      "Transfer-Encoding: chunked",
    ),
  ],
  ["a chunk longer than it says", [400], chunked(`5\r\n${body("x")}\r\n${LAST}`)],
  ["chunks with bare line feeds", [400], chunked(`${body("x").length.toString(16)}\n${body("x")}\n0\n\n`)],
  ["a folded header", [400], post(body("x"), HOST, `Content-Length: ${body("x").length}`, "X-Fold: a\r\n b")],
  ["a folded Transfer-Encoding", [400], post(chunk(body("x")) + LAST, HOST, "Transfer-Encoding:\r\n chunked")],
  ["bare line feeds", [505], whole("x").replaceAll("\r\n", "\n")],
  ["bare carriage returns", [505], whole("x").replaceAll("\r\n", "\r")],
  ["NUL in a header", [400], post(body("x"), HOST, `Content-Length: ${body("x").length}`, "X-Nul: a\u0000b")],
  ["a header without a colon", [400], post(body("x"), HOST, `Content-Length: ${body("x").length}`, "nocolon")],
  ["a header name with a space", [400], post(body("x"), HOST, `Content-Length: ${body("x").length}`, "X A: b")],
  ["an empty header name", [400], post(body("x"), HOST, `Content-Length: ${body("x").length}`, ": b")],
  [
    "a space before the first header",
    [400],
    `POST /mcp HTTP/1.1\r\n ${whole("x").split("\r\n").slice(1).join("\r\n")}`,
  ],
  ["two hosts", [403], post(body("x"), HOST, "Host: evil.com", `Content-Length: ${body("x").length}`)],
  ["an absolute target of another host", [403], whole("x", "Host: evil.com").replace("/mcp", "http://localhost/mcp")],
  ["HTTP/1.0 without a host", [403], whole("x").replace("HTTP/1.1", "HTTP/1.0").replace(`${HOST}\r\n`, "")],
  ["HTTP/1.1 without a host", [400], whole("x").replace(`${HOST}\r\n`, "")],
  ["HTTP/0.9", [505], `POST /mcp\r\n${body("x")}`],
  ["HTTP/2.0", [505], whole("x").replace("HTTP/1.1", "HTTP/2.0")],
  ["HTTP/1.2", [505], whole("x").replace("HTTP/1.1", "HTTP/1.2")],
  ["the preface of HTTP/2", [400], `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${hidden}`],
  ["CONNECT", [404], whole("x").replace("POST /mcp", "CONNECT localhost:80")],
  ["a lower-case method", [], whole("x").replace("POST", "post")],
  ["two spaces in the first line", [400], whole("x").replace("POST /mcp", "POST  /mcp")],
  ["a space in the target", [505], whole("x").replace("/mcp", "/mcp /x")],
  ["NUL in the target", [505], whole("x").replace("/mcp", "/mcp\u0000")],
  [
    "headers of 32 KiB",
    [431],
    post(body("x"), HOST, `Content-Length: ${body("x").length}`, `X-Long: ${"x".repeat(32 * 1024)}`),
  ],
  [
    "300 headers",
    [431],
    post(body("x"), HOST, `Content-Length: ${body("x").length}`, ...Array.from({ length: 300 }, (_, n) => `X-${n}: y`)),
  ],
  ["a target of 32 KiB", [431], whole("x").replace("/mcp", `/mcp?${"x".repeat(32 * 1024)}`)],
  [
    "Expect: 100-continue from another host",
    [100, 403],
    post(body("x"), "Host: evil.com", `Content-Length: ${body("x").length}`, "Expect: 100-continue"),
  ],
  [
    "an upgrade to a web socket",
    [405],
    `GET /mcp HTTP/1.1\r\n${HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  ],
  [
    "an upgrade to h2c",
    [400],
    `${post(
      "",
      HOST,
      "Connection: Upgrade, HTTP2-Settings",
      "Upgrade: h2c",
      "HTTP2-Settings: AAMAAABkAAQAAP__",
      "Content-Length: 0",
    )}PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`,
  ],
  ["a refused host, a request in its body", [403], post(hidden, "Host: evil.com", `Content-Length: ${hidden.length}`)],
  [
    "a refused origin, a request in its chunks",
    [403],
    post(chunk(hidden) + LAST, HOST, "Origin: null", "Transfer-Encoding: chunked"),
  ],
  [
    "a refused type, a request in its body",
    [415],
    post(hidden, HOST, `Content-Length: ${hidden.length}`).replace("application/json", "text/plain"),
  ],
  [
    "GET /health, a request in its body",
    [200],
    head("GET /health HTTP/1.1", HOST, `Content-Length: ${hidden.length}`) + hidden,
  ],
  [
    "DELETE /health, a request in its body",
    [405],
    head("DELETE /health HTTP/1.1", HOST, `Content-Length: ${hidden.length}`) + hidden,
  ],
  [
    "POST /nowhere, a request in its chunks",
    [404],
    head("POST /nowhere HTTP/1.1", HOST, "Transfer-Encoding: chunked") + chunk(hidden) + LAST,
  ],
  [
    "a body beyond the limit, a request in it",
    [413],
    head("POST /mcp HTTP/1.1", HOST, "Content-Length: 99999999") + hidden,
  ],
  ["a field of the trailers that hides a request", [400, 400], chunked(`${chunk("{}")}0\r\nX:${hidden}`)],
  ["a request in the trailers", [400], chunked(`${chunk("{}")}0\r\n${hidden}`)],
  [
    "a host and a length in the trailers",
    [403],
    post(
      `${chunk(body("x"))}0\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`,
      "Host: evil.com",
      "Transfer-Encoding: chunked",
    ),
  ],
  ["a chunk extension that holds a request", [400], chunked(`2;x="${hidden.split("\r\n")[0]}"\r\n{}\r\n${LAST}`)],
];

/** Sends bytes, and answers the statuses that came back when there are as many as expected, or no more can come. */
async function statusesOf(bytes: string, expected: number): Promise<number[]> {
  const { socket, until, ended } = connectRaw(url);
  const statuses = (received: string) =>
    [...received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
  socket.write(Buffer.from(bytes, "latin1"));
  const enough = until((received) => expected > 0 && statuses(received).length >= expected).catch(() => ended);
  const received = await enough;
  socket.destroy();
  return statuses(received);
}

describe("raw HTTP", () => {
  let executed: string[] = [];

  test.each(HONEST)("%s is answered with %j", async (_name, statuses, bytes) => {
    expect(await statusesOf(bytes, statuses.length)).toEqual([...statuses]);
  });

  test.each(CASES)("%s is answered with %j", async (_name, statuses, bytes) => {
    expect((await statusesOf(bytes, statuses.length)).slice(0, Math.max(1, statuses.length))).toEqual([...statuses]);
  });

  // Bun knows no trailers: they are a bad request, which ends the connection, and may by then have come to the tool or not.
  test("in chunks with a trailer is answered with 400, and with 200 before where it was executed", async () => {
    const statuses = await statusesOf(chunked(`${chunk(body("trailer"))}0\r\nX-After: 1\r\n\r\n`), 2);
    expect([[400], [200, 400]]).toContainEqual(statuses);
    executed = statuses.includes(200) ? ["trailer"] : [];
  });

  test("nothing of what was bent or hidden has reached a tool", async () => {
    const answer = await postStateless(url, "tools/call", { name: "list_tasks", arguments: { limit: 200 } });
    const made = [...(await answer.text()).matchAll(/"task_id":"([^"]+)"/g)].map(([, task_id]) => task_id);
    expect(made.sort()).toEqual(["absolute", "chunks", "expected", "first", "old", ...executed, "unknown"]);
  });
});

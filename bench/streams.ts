// What an idle event stream takes of the server's memory. By hand: `bun run build && bun bench/streams.ts [streams]`, 10,000
// unless told otherwise; `ulimit -n` must allow twice that. One server for each kind of stream.
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { enveloped } from "../test/support/eras.ts";
import { residentOf } from "../test/support/resident.ts";
import { EXECUTABLE } from "./stdio-client.ts";

const STREAMS = Number(Bun.argv[2] ?? "10000");
/** Streams that are opened at once. */
const AT_ONCE = 100;

const listen = {
  jsonrpc: "2.0",
  id: 1,
  method: "subscriptions/listen",
  params: enveloped({ notifications: { resourcesListChanged: true } }),
};
const initialize = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "bench", version: "1.0" } },
};
const EVENTS = "Accept: application/json, text/event-stream\r\n";
const JSON_HEADERS = `${EVENTS}Content-Type: application/json\r\n`;

/** Each answers the request that opens one more stream. */
const KINDS: Readonly<Record<string, (url: string) => Promise<string>>> = {
  "/sse": async () => `GET /sse HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n`,
  "GET /mcp, each of a session of its own": async (url) => {
    const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
    const answer = await fetch(`${url}/mcp`, { method: "POST", headers, body: JSON.stringify(initialize) });
    await answer.text();
    const session = answer.headers.get("mcp-session-id");
    return `GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nMcp-Session-Id: ${session}\r\n\r\n`;
  },
  "subscriptions/listen": async () => {
    const body = JSON.stringify(listen);
    const names = "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: subscriptions/listen\r\n";
    return `POST /mcp HTTP/1.1\r\nHost: localhost\r\n${JSON_HEADERS}${names}Content-Length: ${body.length}\r\n\r\n${body}`;
  },
};

for (const [name, request] of Object.entries(KINDS)) {
  await measure(name, request);
}

async function measure(name: string, request: (url: string) => Promise<string>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bench-streams-"));
  const flags = ["--http", "--port", "0", "--max-streams", "12000", "--db", join(folder, "tasks.db")];
  const server = Bun.spawn([EXECUTABLE, ...flags], { stderr: "pipe", stdout: "ignore", stdin: "ignore" });
  const url = await urlOf(server.stderr);
  const sockets: Socket[] = [];
  for (let n = 0; n < AT_ONCE; n++) {
    sockets.push(await open(url, await request(url)));
  }
  const before = residentOf(server.pid).now;
  while (sockets.length < STREAMS) {
    sockets.push(...(await Promise.all(Array.from({ length: AT_ONCE }, async () => open(url, await request(url))))));
  }
  // Its garbage is collected when there is nothing else to do.
  await Bun.sleep(3000);
  const each = (residentOf(server.pid).now - before) / (sockets.length - AT_ONCE);
  console.error(`${name}: ${(each / 1024).toFixed(1)} KiB each, at ${sockets.length}`);
  for (const socket of sockets) {
    socket.destroy();
  }
  server.kill("SIGTERM");
  await server.exited;
  rmSync(folder, { recursive: true });
}

async function urlOf(stderr: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const part of stderr) {
    text += decoder.decode(part, { stream: true });
    const url = /"url":"([^"]+)"/.exec(text)?.[1];
    if (url !== undefined) {
      return url;
    }
  }
  throw new Error(`the server did not start: ${text}`);
}

/** Opens a stream and resolves with its first bytes. Throws where it is refused. */
function open(url: string, request: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(request));
    socket.on("error", reject);
    socket.once("data", (head) => {
      if (String(head).startsWith("HTTP/1.1 200")) {
        resolve(socket);
      } else {
        reject(new Error(String(head)));
      }
    });
  });
}

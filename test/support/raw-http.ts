import { readFileSync } from "node:fs";
import { connect as connectTcp, type Socket } from "node:net";
import { readEvents } from "./events.ts";

/** A JSON-RPC message, or any other JSON object. */
export type Message = Record<string, unknown>;

/** A TCP connection spoken to byte by byte. */
export interface RawConnection {
  socket: Socket;
  /** Resolves with everything received so far once `wanted` holds of it; rejects when the connection ends before. */
  until(wanted: (received: string) => boolean): Promise<string>;
  /** Resolves with everything received when the connection has ended, in whatever way. */
  ended: Promise<string>;
}

/** Connects to the server at `url`. */
export function connectRaw(url: string): RawConnection {
  const { hostname, port } = new URL(url);
  const socket = connectTcp(Number(port), hostname.replaceAll(/[[\]]/g, ""));
  let received = "";
  let closed = false;
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const check of waiting) {
      check();
    }
  };
  socket.on("data", (bytes) => {
    received += bytes.toString("latin1");
    wake();
  });
  // A reset is an ending like another; "close" follows.
  socket.on("error", () => undefined);
  const ended = new Promise<string>((resolve) => {
    socket.on("close", () => {
      closed = true;
      wake();
      resolve(received);
    });
  });
  return {
    socket,
    ended,
    until: (wanted) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (wanted(received)) {
            waiting.delete(check);
            resolve(received);
          } else if (closed) {
            waiting.delete(check);
            reject(new Error(`the connection ended after ${JSON.stringify(received.slice(-200))}`));
          }
        };
        waiting.add(check);
        check();
      }),
  };
}

/** A request's head: its first line, its header lines, the empty line. */
export function head(first: string, ...headers: readonly string[]): string {
  return [first, ...headers, "", ""].join("\r\n");
}

/** A response as it came; `body` is empty where its length is not told, as with an event stream. */
export type RawResponse = { status: number; head: string; body: string };

/** Sends `bytes` on a connection of its own, answers the first response, and hangs up. */
export async function exchange(url: string, bytes: string): Promise<RawResponse> {
  const { socket, until } = connectRaw(url);
  socket.write(bytes);
  try {
    return parse(await until((received) => parse(received) !== undefined)) ?? { status: 0, head: "", body: "" };
  } finally {
    socket.destroy();
  }
}

function parse(received: string): RawResponse | undefined {
  const end = received.indexOf("\r\n\r\n");
  const headers = received.slice(0, end);
  const body = received.slice(end + 4);
  const length = Number(/^content-length: *(\d+)$/im.exec(headers)?.[1] ?? 0);
  return end < 0 || body.length < length
    ? undefined
    : { status: Number(headers.split(" ")[1]), head: headers, body: body.slice(0, length) };
}

/** POSTs a JSON value, or text and bytes as they are. */
export function postJson(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
    body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
    ...(signal && { signal }),
  });
}

export function request(id: number | string, method: string, params?: Message): Message {
  return { jsonrpc: "2.0", id, method, ...(params && { params }) };
}

export function toolCall(id: number | string, name: string, args: Message): Message {
  return request(id, "tools/call", { name, arguments: args });
}

export function initialize(revision: string): Message {
  const clientInfo = { name: "raw-client", version: "1.0" };
  return request("initialize", "initialize", { protocolVersion: revision, capabilities: {}, clientInfo });
}

/** Every message of a finished response, whether it came as JSON or as events. */
export async function messagesOf(response: Response): Promise<Message[]> {
  const text = await response.text();
  if (response.headers.get("content-type")?.startsWith("text/event-stream") !== true) {
    return [JSON.parse(text)];
  }
  // Not by a pattern: U+2028 is no line end here, but is one to `.` and `$`. An event without data primes resumption.
  const data = text.split("\n").filter((line) => line.startsWith("data: ") && line !== "data: ");
  return data.map((line) => JSON.parse(line.slice("data: ".length)));
}

/** A session of `/mcp`. */
export interface Session {
  /** The headers of every request in it. */
  headers: Readonly<Record<string, string>>;
  /** What `initialize` answered. */
  opened: Message;
  post(body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** Sends one request and answers the one message that came back. */
  request(message: Message): Promise<Message>;
}

/** Opens a session of `/mcp`. */
export async function openSession(url: string, revision = "2025-11-25"): Promise<Session> {
  const response = await postJson(`${url}/mcp`, initialize(revision));
  const [opened = {}] = await messagesOf(response);
  // Revisions before 2025-06-18 know no such header.
  const version = revision >= "2025-06-18" ? { "mcp-protocol-version": revision } : {};
  const headers = { ...version, "mcp-session-id": response.headers.get("mcp-session-id") ?? "" };
  const post: Session["post"] = (body, more = {}) => postJson(`${url}/mcp`, body, { ...headers, ...more });
  await post({ jsonrpc: "2.0", method: "notifications/initialized" });
  return {
    headers,
    opened,
    post,
    async request(message) {
      const messages = await messagesOf(await post(message));
      if (messages.length !== 1) {
        throw new Error(`not one answer but ${JSON.stringify(messages)}`);
      }
      return messages[0] ?? {};
    },
  };
}

/** A client of `/sse` and `/message`. */
export interface EventClient {
  clientId: string;
  /** POSTs, and answers the HTTP status. */
  post(body: unknown): Promise<number>;
  /** The next answer on the stream, notifications passed over; null at its end. */
  next(): Promise<unknown>;
  /** POSTs one request and answers the next answer. */
  request(message: unknown): Promise<unknown>;
  /** Hangs up. */
  close(): void;
}

/** Opens a stream of `/sse`, and a session on it. */
export async function openEventClient(url: string, revision = "2024-11-05"): Promise<EventClient> {
  const hangUp = new AbortController();
  const events = readEvents(await fetch(`${url}/sse`, { signal: hangUp.signal }));
  const endpoint = (await events.next()).value?.data ?? "";
  const client: EventClient = {
    clientId: endpoint.replace(/^.*=/, ""),
    async post(body) {
      const { status } = await postJson(`${url}${endpoint}`, body);
      return status;
    },
    async next() {
      const message: unknown = JSON.parse((await events.next()).value?.data ?? "null");
      return Object(message).method === undefined ? message : client.next();
    },
    async request(message) {
      await client.post(message);
      return client.next();
    },
    close: () => hangUp.abort(),
  };
  await client.request(initialize(revision));
  await client.post({ jsonrpc: "2.0", method: "notifications/initialized" });
  return client;
}

/** The most memory a process has held so far, in MiB; Linux tells. */
export function peakMiB(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

/** Whether the server's process still has its end of a connection; Linux tells. */
export function isHeld({ socket }: RawConnection): boolean {
  const hex = (port = 0) => port.toString(16).toUpperCase().padStart(4, "0");
  const rows = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) => readFileSync(path, "utf8").split("\n").slice(1));
  return rows.some((row) => {
    const [, local = "", remote = "", , , , , , , inode] = row.trim().split(/\s+/);
    const itsEnd = local.endsWith(`:${hex(socket.remotePort)}`) && remote.endsWith(`:${hex(socket.localPort)}`);
    return itsEnd && inode !== "0";
  });
}

/** Opens a stream of `/sse` that is read byte by byte, or not at all, and a session on it. */
export async function openRawEventClient(url: string) {
  const stream = connectRaw(url);
  stream.socket.write(head("GET /sse HTTP/1.1", "Host: localhost"));
  const [, endpoint] = /^data: (.*)$/m.exec(await stream.until((received) => received.includes("\n\n"))) ?? [];
  const post = async (body: unknown) => (await postJson(`${url}${endpoint}`, body)).status;
  await post(initialize("2025-03-26"));
  await stream.until((received) => received.includes("protocolVersion"));
  return { stream, post };
}

/** A request of `/mcp` within a session, as bytes: a POST of `value`, or a GET of the stream. */
export function inSession({ headers }: Pick<Session, "headers">, value?: unknown): string {
  const body = value === undefined ? "" : JSON.stringify(value);
  const lines = {
    host: "localhost",
    accept: "application/json, text/event-stream",
    ...(body && { "content-type": "application/json", "content-length": `${Buffer.byteLength(body)}` }),
    ...headers,
  };
  const named = Object.entries(lines).map(([name, text]) => `${name}: ${text}`);
  return head(`${body === "" ? "GET" : "POST"} /mcp HTTP/1.1`, ...named) + body;
}

/** A task with an artifact of 10 MiB, the most there is; answers the artifact's URI. */
export async function attachBig({ request: send }: Session): Promise<string> {
  await send(toolCall(1, "create_task", { task_id: "big", title: "Title", goal: "Goal" }));
  const content = "x".repeat(10 * 1024 * 1024);
  await send(toolCall(2, "attach_artifact", { task_id: "big", name: "log", content }));
  return "task://big/artifacts/log";
}

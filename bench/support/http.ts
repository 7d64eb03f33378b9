import { kept } from "./children.ts";
import { linesOf } from "./stdio.ts";

/** A server on HTTP. */
export interface HttpServer {
  pid: number;
  url: string;
  end(): Promise<void>;
}

/** Starts a server that logs on which URL it listens. */
export async function startHttp(command: readonly string[]): Promise<HttpServer> {
  const child = kept(Bun.spawn([...command], { stdin: "ignore", stdout: "ignore", stderr: "pipe" }));
  const lines = linesOf(child.stderr);
  for (;;) {
    const { value, done } = await lines.next();
    if (done) {
      throw new Error(`${command.join(" ")} did not start`);
    }
    const url = /"url":"([^"]+)"/.exec(value)?.[1];
    if (url !== undefined) {
      // Read on, so that its log never fills the pipe.
      void Array.fromAsync(lines).catch(() => undefined);
      return {
        pid: child.pid,
        url,
        async end() {
          child.kill();
          await child.exited;
        },
      };
    }
  }
}

/** A request as bytes: made once, sent often. */
export function requestBytes(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Buffer {
  const { host, pathname } = new URL(url);
  const text = JSON.stringify(body);
  const all = {
    Host: host,
    "Content-Type": "application/json",
    Accept: "application/json, text/event-stream",
    "Content-Length": `${Buffer.byteLength(text)}`,
    ...headers,
  };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${pathname} HTTP/1.1\r\n${head.join("")}\r\n${text}`);
}

/** Answers a second: so many connections, each sending its next request when it has the answer, for so long. */
export async function rateOf(url: string, connections: number, next: () => Buffer, forMs: number): Promise<number> {
  const { hostname, port } = new URL(url);
  let answers = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const connection = await connect(hostname, Number(port));
      while (performance.now() - started < forMs) {
        await connection.exchange(next());
        answers++;
      }
      connection.end();
    }),
  );
  return (1000 * answers) / (performance.now() - started);
}

/** A connection that sends a request and resolves with the whole response. Rejects what is not answered by 2xx. */
export async function connect(hostname: string, port: number) {
  let received = "";
  let whole: (response: string) => void = () => undefined;
  let broken: (error: Error) => void = () => undefined;
  const socket = await Bun.connect({
    hostname,
    port,
    socket: {
      data(_, bytes) {
        received += bytes.toString("latin1");
        if (isWhole(received)) {
          const response = received;
          received = "";
          whole(response);
        }
      },
      close: () => broken(new Error(`the connection was closed: ${received.slice(0, 200)}`)),
      error: (_, error) => broken(error),
    },
  });
  return {
    exchange: (request: Buffer) =>
      new Promise<string>((resolve, reject) => {
        whole = (response) =>
          response.startsWith("HTTP/1.1 2") ? resolve(response) : reject(new Error(response.slice(0, 500)));
        broken = reject;
        socket.write(request);
      }),
    end() {
      broken = () => undefined;
      socket.end();
    },
  };
}

/** Whether a response, the only one on its connection so far, has come whole. */
function isWhole(response: string): boolean {
  const end = response.indexOf("\r\n\r\n");
  if (end < 0) {
    return false;
  }
  const head = response.slice(0, end);
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  return length === undefined
    ? response.endsWith("\r\n0\r\n\r\n") || /^HTTP\/1.1 (?:202|204)/.test(head)
    : response.length >= end + 4 + Number(length);
}

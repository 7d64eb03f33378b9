import { readdirSync, readFileSync } from "node:fs";
import { ENVELOPE } from "./eras.ts";
import { connectRaw, head, inSession, openSession, type RawConnection } from "./raw-http.ts";

/** Open descriptors of a process; Linux tells, as all that follows. */
export const openFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** Resident memory of a process, in MiB. */
export function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

/** Processor time that a process has used, in seconds; a tick is 10 ms. */
export function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resolves when `holds`; rejects with `what` after `seconds`. */
export async function eventually(what: string, seconds: number, holds: () => boolean): Promise<void> {
  for (const end = performance.now() + seconds * 1000; !holds(); await Bun.sleep(50)) {
    if (performance.now() > end) {
      throw new Error(`not within ${seconds} s: ${what}`);
    }
  }
}

/** A POST of 2026-07-28 as bytes. */
export function statelessBytes(method: string, params: Record<string, unknown>): string {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: ENVELOPE } });
  const name = params["uri"] ?? params["name"];
  const lines = [
    "Host: localhost",
    "Content-Type: application/json",
    "Accept: application/json, text/event-stream",
    "MCP-Protocol-Version: 2026-07-28",
    `Mcp-Method: ${method}`,
    ...(typeof name === "string" ? [`Mcp-Name: ${name}`] : []),
    `Content-Length: ${body.length}`,
  ];
  return head("POST /mcp HTTP/1.1", ...lines) + body;
}

/** The three kinds of streams; each answers when its first event is there. */
const STREAMS: readonly ((url: string) => Promise<RawConnection>)[] = [
  (url) => opened(url, head("GET /sse HTTP/1.1", "Host: localhost")),
  async (url) => opened(url, inSession(await openSession(url))),
  (url) => opened(url, statelessBytes("subscriptions/listen", { notifications: { resourcesListChanged: true } })),
];

async function opened(url: string, bytes: string): Promise<RawConnection> {
  const stream = connectRaw(url);
  stream.socket.write(bytes);
  await stream.until((received) => received.startsWith("HTTP/1.1 200 ") && received.includes("\n\n"));
  return stream;
}

/** Opens `count` streams, of each kind as many, 50 at a time. */
export async function openStreams(url: string, count: number): Promise<RawConnection[]> {
  const streams: RawConnection[] = [];
  while (streams.length < count) {
    const some = Array.from({ length: Math.min(50, count - streams.length) }, (_, index) =>
      STREAMS[index % STREAMS.length]?.(url),
    );
    streams.push(...(await Promise.all(some)).filter((stream) => stream !== undefined));
  }
  return streams;
}

/** The value below which 99 of 100 lie. */
export function p99(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length * 0.99)] ?? 0;
}

/** How long a call of an honest client takes now, in milliseconds; throws where it is not answered. */
export async function timedPing(url: string): Promise<number> {
  const begun = performance.now();
  const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) {
    throw new Error(`/health answers ${response.status}`);
  }
  await response.text();
  return performance.now() - begun;
}

/** For how long a load runs, in seconds: the short setting, or `LOAD_SECONDS`. */
export const loadSeconds = (usual: number): number => Number(Bun.env["LOAD_SECONDS"] ?? usual);

/** Tells a figure that was reached; `docs/reliability.md` keeps those of the long settings. */
export const report = (what: string): void => console.error(`    ${what}`);

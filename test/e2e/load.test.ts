import { describe, expect, test } from "bun:test";
import { postStateless } from "../support/eras.ts";
import {
  eventually,
  loadSeconds,
  openFiles,
  openStreams,
  p99,
  report,
  residentMiB,
  timedPing,
} from "../support/load.ts";
import { connectRaw, head, postJson, request } from "../support/raw-http.ts";
import { freshStore, startHttp } from "../support/server.ts";
import { bearer, place } from "../support/tokens.ts";

const notLinux = process.platform !== "linux";
const STREAMS = 500;
const CALLS_A_SECOND = 200;
/** Connections that this process itself may still keep alive, 50 at once, and the search index's files. */
const OWN_FILES = 64;

/** Calls tools evenly for so many seconds: a third writes, and every stream is told of a new task. */
async function callEvenly(url: string, seconds: number, each: (call: number) => void): Promise<number[]> {
  const took: number[] = [];
  const under = new Set<Promise<void>>();
  const begun = performance.now();
  for (let call = 0; call < seconds * CALLS_A_SECOND; call++) {
    await Bun.sleep(Math.max(0, begun + (call * 1000) / CALLS_A_SECOND - performance.now()));
    const started = performance.now();
    const task = { task_id: `t${call % 50}`, title: "Title", goal: "Goal" };
    const [name, args] =
      call < 50
        ? ["create_task", task]
        : call % 3 === 0
          ? ["update_task", { task_id: task.task_id, title: `Title ${call}` }]
          : ["get_task", { task_id: task.task_id }];
    const running = postStateless(url, "tools/call", { name, arguments: args }, { connection: "close" }).then(
      async (response) => {
        expect(await response.json()).toMatchObject({ result: { structuredContent: {} } });
        took.push(performance.now() - started);
        under.delete(running);
      },
    );
    under.add(running);
    each(call);
  }
  await Promise.all(under);
  return took;
}

describe.skipIf(notLinux)("under load (Linux only)", () => {
  const seconds = loadSeconds(8);
  test(
    `500 streams and 200 calls a second for ${seconds} s: memory is flat, no stream or descriptor is left`,
    async () => {
      const { url, process: server } = await startHttp(freshStore());
      await timedPing(url);
      const before = openFiles(server.pid);
      const streams = await openStreams(url, STREAMS);
      const memory: number[] = [];
      const took = await callEvenly(url, seconds, (call) => {
        if (call % CALLS_A_SECOND === 0) {
          memory.push(residentMiB(server.pid));
        }
      });
      expect(took).toHaveLength(seconds * CALLS_A_SECOND);
      const third = Math.ceil(memory.length / 3);
      const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
      const growth = mean(memory.slice(-third)) - mean(memory.slice(third, 2 * third));
      const slope = (growth / third) * 60;
      report(
        `p99 ${p99(took).toFixed(0)} ms, ${memory.at(-1)?.toFixed(0)} MiB at the end, slope ${slope.toFixed(1)} MiB/min`,
      );
      // A young heap still grows; the slope says something from some minutes on.
      expect(growth).toBeLessThan(24);
      for (const { socket } of streams) {
        socket.destroy();
      }
      await eventually("descriptors are given back", 20, () => openFiles(server.pid) <= before + OWN_FILES);
    },
    (seconds + 60) * 1000,
  );

  test("1,000 clients that vanish, by FIN and by RST, are gone within 20 s, and their streams are free", async () => {
    const { url, process: server } = await startHttp([...freshStore(), "--max-streams", "1000"]);
    await timedPing(url);
    const before = openFiles(server.pid);
    const streams = await openStreams(url, 1000);
    const gone = performance.now();
    for (const [index, { socket }] of streams.entries()) {
      if (index % 2 === 0) {
        socket.resetAndDestroy();
      } else {
        socket.end();
      }
    }
    await eventually("descriptors are given back", 20, () => openFiles(server.pid) <= before + OWN_FILES);
    report(`1,000 gone after ${(performance.now() - gone).toFixed(0)} ms`);
    const again = await openStreams(url, 1000);
    expect(again).toHaveLength(1000);
    for (const { socket } of again) {
      socket.destroy();
    }
  });

  test("200 streams that nobody reads cost at most 64 MiB, while every one is told of everything", async () => {
    const { url, process: server } = await startHttp(freshStore());
    const streams = await openStreams(url, 200);
    await callEvenly(url, 1, () => undefined);
    const before = residentMiB(server.pid);
    for (const { socket } of streams) {
      socket.pause();
    }
    const took = await callEvenly(url, loadSeconds(4), () => undefined);
    const grown = residentMiB(server.pid) - before;
    report(`grown by ${grown.toFixed(0)} MiB, p99 ${p99(took).toFixed(0)} ms`);
    expect(grown).toBeLessThan(64);
    for (const { socket } of streams) {
      socket.destroy();
    }
  }, 120_000);
});

describe("strangers cost nothing", () => {
  const answers = async (ask: (number: number) => Promise<Response>, count: number) => {
    const statuses = new Map<number, number>();
    for (let from = 0; from < count; from += 50) {
      for (const response of await Promise.all(Array.from({ length: 50 }, (_, index) => ask(from + index)))) {
        await response.arrayBuffer();
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      }
    }
    return Object.fromEntries(statuses);
  };

  test.skipIf(notLinux)("10,000 unknown sessions: 404 each, and no memory (Linux only)", async () => {
    const { url, process: server } = await startHttp(freshStore());
    const ask = (number: number) =>
      postJson(`${url}/mcp`, request(number, "ping"), { "mcp-session-id": `${number}-${crypto.randomUUID()}` });
    await answers(ask, 2000);
    const before = residentMiB(server.pid);
    expect(await answers(ask, 10_000)).toEqual({ 404: 10_000 });
    report(`grown by ${(residentMiB(server.pid) - before).toFixed(1)} MiB`);
    expect(residentMiB(server.pid) - before).toBeLessThan(8);
  });

  test.skipIf(notLinux)("10,000 invalid tokens: 401 ten times, then 429, and no memory (Linux only)", async () => {
    const { flags, create } = place();
    const token = create("honest");
    const { url, process: server } = await startHttp(flags);
    const ask = (number: number) =>
      postJson(`${url}/mcp`, request(number, "ping"), bearer(`mts_${number}${crypto.randomUUID()}`));
    expect(await answers(ask, 2000)).toEqual({ 401: 10, 429: 1990 });
    const before = residentMiB(server.pid);
    expect(await answers(ask, 10_000)).toEqual({ 429: 10_000 });
    report(`grown by ${(residentMiB(server.pid) - before).toFixed(1)} MiB`);
    expect(residentMiB(server.pid) - before).toBeLessThan(8);
    const { status } = await postStateless(url, "tools/list", {}, bearer(token));
    expect(status).toBe(200);
    // The head of a request is enough to be refused.
    const raw = connectRaw(url);
    raw.socket.write(
      head("POST /mcp HTTP/1.1", "Host: localhost", "Authorization: Bearer x", "Content-Length: 9999999"),
    );
    expect(await raw.until((received) => received.includes("\r\n\r\n"))).toStartWith("HTTP/1.1 429 ");
    raw.socket.destroy();
  });
});

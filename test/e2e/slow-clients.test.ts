import { expect, test } from "bun:test";
import { p99, report, timedPing } from "../support/load.ts";
import { connectRaw, head } from "../support/raw-http.ts";
import { freshStore, startHttp } from "../support/server.ts";

const JSON_POST = head(
  "POST /mcp HTTP/1.1",
  "Host: localhost",
  "Content-Type: application/json",
  "Content-Length: 5000",
);
const CHUNKED = head(
  "POST /mcp HTTP/1.1",
  "Host: localhost",
  "Content-Type: application/json",
  "Transfer-Encoding: chunked",
);

/** What a connection sends first, and then every half second. */
const SLOW: readonly [first: string, then: string][] = [
  ["", ""],
  ["GET /health HTTP/1.1\r\nHo", ""],
  ["GET /health HTTP/1.1\r\nX-Slow: ", "a"],
  [JSON_POST, ""],
  [JSON_POST, " "],
  [CHUNKED, "1\r\n \r\n"],
];

test("500 connections that are idle, or drip a head or a body, are cut within 15 s, and others are served (takes 13 s)", async () => {
  const { url } = await startHttp(freshStore());
  const begun = performance.now();
  const ends = Array.from({ length: 500 }, async (_, index) => {
    const [first, then] = SLOW[index % SLOW.length] ?? ["", ""];
    const { socket, ended } = connectRaw(url);
    socket.write(first);
    const drip = setInterval(() => socket.write(then), 500);
    await ended;
    clearInterval(drip);
    return performance.now() - begun;
  });
  let open = true;
  const took = Promise.all(ends).finally(() => {
    open = false;
  });
  const pings: number[] = [];
  while (open && performance.now() - begun < 20_000) {
    pings.push(await timedPing(url));
    await Bun.sleep(20);
  }
  expect(open).toBe(false);
  const last = Math.max(...(await took));
  report(`the last of 500 cut after ${(last / 1000).toFixed(1)} s; p99 of others ${p99(pings).toFixed(1)} ms`);
  expect(last).toBeLessThan(15_000);
}, 30_000);

import { describe, expect, test } from "bun:test";
import { report, statelessBytes, timedPing } from "../support/load.ts";
import {
  attachBig,
  connectRaw,
  inSession,
  openRawEventClient,
  openSession,
  peakMiB,
  type RawConnection,
  request,
} from "../support/raw-http.ts";
import { freshStore, startHttp } from "../support/server.ts";

/** What a server may hold in memory, whatever its clients do; systemd's unit gives it 1 GiB. */
const BOUND_MIB = 512;

/** Ways to leave answers of 10 MiB unread, `number` of them, each client in its own way. */
const HOSTILE: Readonly<Record<string, (url: string, uri: string, number: number) => Promise<RawConnection>>> = {
  "each answer of 2026-07-28 on a connection of its own": async (url, uri) => {
    const connection = connectRaw(url);
    connection.socket.pause();
    connection.socket.write(statelessBytes("resources/read", { uri }));
    return connection;
  },
  "answers of many sessions of /mcp, several each": async (url, uri) => {
    const session = await openSession(url, "2025-03-26");
    const connection = connectRaw(url);
    connection.socket.pause();
    connection.socket.write(
      inSession(
        session,
        Array.from({ length: 2 }, (_, id) => request(id, "resources/read", { uri })),
      ),
    );
    return connection;
  },
  "many streams of /sse": async (url, uri) => {
    const { stream, post } = await openRawEventClient(url);
    stream.socket.pause();
    for (let id = 0; id < 2; id++) {
      void post(request(id, "resources/read", { uri })).catch(() => 0);
    }
    return stream;
  },
};

describe.skipIf(process.platform !== "linux")(
  "memory stays below 512 MiB, and others are served, while 40 clients do not read (Linux only)",
  () => {
    test.each(Object.entries(HOSTILE))("%s", async (_, leaveUnread) => {
      const { url, process: server } = await startHttp(freshStore());
      const honest = await openSession(url);
      const uri = await attachBig(honest);
      const connections = await Promise.all(Array.from({ length: 40 }, (_, number) => leaveUnread(url, uri, number)));
      // There is no telling when the server is through with them: it goes on as it cuts.
      const end = performance.now() + 3000;
      let worst = 0;
      while (performance.now() < end) {
        worst = Math.max(worst, await timedPing(url));
        await Bun.sleep(20);
      }
      const { result } = Object(await honest.request(request("honest", "resources/read", { uri })));
      expect(result.contents[0].text).toHaveLength(10 * 1024 * 1024);
      report(`peak ${peakMiB(server.pid).toFixed(0)} MiB; others waited ${worst.toFixed(0)} ms at most`);
      expect(peakMiB(server.pid)).toBeLessThan(BOUND_MIB);
      for (const { socket } of connections) {
        socket.destroy();
      }
    });
  },
);

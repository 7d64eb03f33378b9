import { connect } from "node:net";
import { startHttp } from "../support/http.ts";
import { requestOf } from "../support/messages.ts";
import { memoryOf } from "../support/process.ts";
import { storeWith } from "../support/store.ts";
import type { Group } from "../support/workshop.ts";
import { stateless } from "./http.ts";

/** How many streams are opened at a time. */
const BATCH = 100;
/** Opened and closed again before, so that what the first streams load is not counted. */
const WARM = 100;
/** How long the server has to come to rest, in milliseconds. */
const REST_MS = 1500;

/** What one idle stream of 2026-07-28 costs the server; the kernel's buffers are not counted. */
export const streams: Group = async (workshop) => {
  const { plan } = workshop;
  const { flags } = await storeWith(workshop, ["t"]);
  const server = await startHttp([
    workshop.executable,
    "--http",
    "--port",
    "0",
    "--max-streams",
    `${plan.streams + 2 * WARM}`,
    ...flags,
  ]);
  const listen = requestOf("stateless", "subscriptions/listen", {
    notifications: { resourceSubscriptions: ["task://t"] },
  });
  const bytes = stateless(server.url, listen);
  try {
    const warm = await openMany(server.url, bytes, WARM);
    await Bun.sleep(REST_MS);
    const before = memoryOf(server.pid);
    const open: (() => void)[] = [];
    while (open.length < plan.streams) {
      workshop.tell(`streams: ${open.length} of ${plan.streams}`);
      open.push(...(await openMany(server.url, bytes, Math.min(BATCH, plan.streams - open.length))));
    }
    await Bun.sleep(REST_MS);
    const value = (memoryOf(server.pid) - before) / 1000 / open.length;
    for (const close of [...warm, ...open]) {
      close();
    }
    return [{ id: "streams.memory", value, note: `${open.length} streams` }];
  } finally {
    await server.end();
  }
};

function openMany(url: string, bytes: Buffer, count: number): Promise<(() => void)[]> {
  const { hostname, port } = new URL(url);
  return Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<() => void>((resolve, reject) => {
          const socket = connect(Number(port), hostname, () => socket.write(bytes));
          socket.once("data", (head) =>
            `${head}`.startsWith("HTTP/1.1 200") ? resolve(() => socket.destroy()) : reject(new Error(`${head}`)),
          );
          socket.on("error", reject);
        }),
    ),
  );
}

// How soon a change made by another process is told, and what listening costs while nothing happens.
// By hand: `bun bench/notify.ts [rounds]`. Figures of one machine at one moment; take the median of several rounds.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClock } from "../src/clock.ts";
import { openStore } from "../src/store/sqlite/open.ts";
import type { Store } from "../src/store/store.ts";
import { createWatch, type WatchOptions } from "../src/watch/watch.ts";
import { create, update } from "../test/store/commands.ts";
import { sharedClock } from "./shared-clock.ts";

const CHANGES = 200;
/** The longest pause between two changes, in milliseconds: some come while the one before still keeps the watch awake. */
const PAUSE_MS = 150;
const IDLE_MS = 10_000;

const clock = sharedClock();
const [first = "5", path] = Bun.argv.slice(2);
if (first === "--write" && path !== undefined) {
  await write(path);
} else {
  for (let round = 0; round < Number(first); round++) {
    await measure("file events and poll", {});
  }
  await measure("file events alone", { pollMs: 600_000 });
  console.error(`idle, nobody listens: ${percent(await idle())} of a core`);
}

async function measure(name: string, options: WatchOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bench-notify-"));
  const database = join(folder, "tasks.db");
  const store = await open(database);
  await create(store, { task_id: "t" });
  const told = new Map<number, number>();
  const watch = createWatch(store, database, options);
  watch.on(({ version }) => told.set(version, clock()));
  const cpu = await idle();
  const before = process.cpuUsage();
  const started = performance.now();
  const writer = Bun.spawn([process.execPath, import.meta.path, "--write", database], { stdout: "pipe" });
  const committed: [version: number, at: number][] = JSON.parse(await new Response(writer.stdout).text());
  const busy = ratio(process.cpuUsage(before), performance.now() - started);
  await Bun.sleep(100);
  const delays = committed.flatMap(([version, at]) => (told.get(version) ?? Number.NaN) - at).filter((delay) => delay);
  delays.sort((a, b) => a - b);
  const [p50, p99, most] = [0.5, 0.99, 1].map((part) => delays[Math.ceil(part * delays.length) - 1]?.toFixed(2));
  console.error(
    `${name}: told ${delays.length} of ${CHANGES}, p50 ${p50} ms, p99 ${p99} ms, most ${most} ms; ` +
      `idle ${percent(cpu)} of a core, ${percent(busy)} while changes come`,
  );
  watch.close();
  await store.close();
  rmSync(folder, { recursive: true });
}

/** Changes the task from time to time; prints when each COMMIT had returned. */
async function write(database: string): Promise<void> {
  const store = await open(database);
  const committed: [version: number, at: number][] = [];
  for (let n = 0; n < CHANGES; n++) {
    await Bun.sleep(Math.random() * PAUSE_MS);
    const { version } = await update(store, "t", { title: `Title ${n}` });
    committed.push([version, clock()]);
  }
  await store.close();
  await Bun.write(Bun.stdout, JSON.stringify(committed));
}

/** The part of a core that this process uses while it waits. */
async function idle(): Promise<number> {
  Bun.gc(true);
  const before = process.cpuUsage();
  await Bun.sleep(IDLE_MS);
  return ratio(process.cpuUsage(before), IDLE_MS);
}

async function open(database: string): Promise<Store> {
  return openStore(database, { now: createClock(), onOutdated: () => undefined });
}

function ratio({ user, system }: NodeJS.CpuUsage, elapsedMs: number): number {
  return (user + system) / 1000 / elapsedMs;
}

function percent(part: number): string {
  return `${(100 * part).toFixed(2)} %`;
}

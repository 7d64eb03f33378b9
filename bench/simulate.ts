// How many agents one store carries, by simulation: agents that write and read as agents do, as a queue before the one writer
// of a store, with service times that were measured on the executable here and now, or are given as means in milliseconds.
// By hand: `bun run build && bun bench/simulate.ts [write read]`.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startClient } from "./stdio-client.ts";

/** What an agent does in an hour of work: a checkpoint every three minutes, a handoff (offer and claim) in four hours, reads. */
const HOURLY = { writes: 20 + 2 * 0.25, reads: 30 } as const;
/** Agents that are driven by one clock (a cron job, a test run's end) write within the same second. */
const BURST = { share: 0.1, seconds: 1, every: 300 } as const;
const ROUNDS = 1500;
const SIMULATED_S = 600;
/** A write has to be answered within, in milliseconds, 99 times of 100. */
const PATIENCE_MS = 100;

interface Measured {
  writes: number[];
  reads: number[];
}

const [write, read] = Bun.argv.slice(2).map(Number);
const measured =
  write === undefined || read === undefined ? await measure() : { writes: given(write), reads: given(read) };
for (const [name, times] of Object.entries(measured)) {
  console.error(`${name}: p50 ${quantile(times, 0.5).toFixed(2)} ms, p99 ${quantile(times, 0.99).toFixed(2)} ms`);
}
for (const bursts of [false, true]) {
  console.error(
    bursts ? "with bursts: a tenth of all agents writes within one second, every five minutes" : "each on its own",
  );
  let agents = 100;
  for (
    ;
    agents < 1e6 && simulate(agents, measured, bursts, agents < 800).p99 <= PATIENCE_MS;
    agents = Math.ceil(agents * 1.25)
  ) {
    // Until the patience ends.
  }
  console.error(`p99 of a write exceeds ${PATIENCE_MS} ms from some ${agents} agents on`);
}

/** Half of it certain, half exponential, as what waits for a disk is. */
function given(mean: number): number[] {
  const random = createRandom(1);
  return Array.from({ length: ROUNDS }, () => mean / 2 - (mean / 2) * Math.log(1 - random()));
}

/** Service times of one client's calls, one after another, as a store with one client takes them. */
async function measure(): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "bench-simulate-"));
  const client = startClient(join(folder, "tasks.db"));
  const times: Measured = { writes: [], reads: [] };
  await client.call("create_task", { task_id: "t", title: "T", goal: "g".repeat(400) });
  for (let round = 0; round < ROUNDS; round++) {
    const args = { task_id: "t", agent: "a", resume_prompt: `${round}`.padEnd(1500, "r") };
    times.writes.push((await client.call("save_checkpoint", args)).ms);
    times.reads.push((await client.call("get_task", { task_id: "t" })).ms);
  }
  await client.end();
  rmSync(folder, { recursive: true });
  return times;
}

/** One server of one process: what comes waits for what came before, writes and reads alike. */
function simulate(agents: number, { writes, reads }: Measured, bursts: boolean, tell: boolean): { p99: number } {
  const random = createRandom(agents);
  const arrivals = arrivalsOf(agents, bursts, random);
  const waits: number[] = [];
  let free = 0;
  for (const { at, write } of arrivals) {
    const service = write ? writes : reads;
    free = Math.max(free, at) + (service[Math.floor(random() * service.length)] ?? 0);
    if (write) {
      waits.push(free - at);
    }
  }
  const p99 = quantile(waits, 0.99);
  if (tell) {
    console.error(
      `  ${agents} agents: ${(waits.length / SIMULATED_S).toFixed(1)} writes a second, p99 ${p99.toFixed(1)} ms`,
    );
  }
  return { p99 };
}

interface Arrival {
  at: number;
  write: boolean;
}

/** When what comes, in milliseconds, in its order. */
function arrivalsOf(agents: number, bursts: boolean, random: () => number): Arrival[] {
  const arrivals: Arrival[] = [];
  const poisson = (perSecond: number, write: boolean) => {
    const pause = () => -Math.log(1 - random()) / perSecond;
    for (let at = pause(); at < SIMULATED_S; at += pause()) {
      arrivals.push({ at: at * 1000, write });
    }
  };
  poisson((agents * HOURLY.writes) / 3600, true);
  poisson((agents * HOURLY.reads) / 3600, false);
  for (let start = 0; bursts && start < SIMULATED_S; start += BURST.every) {
    for (let n = 0; n < agents * BURST.share; n++) {
      arrivals.push({ at: (start + random() * BURST.seconds) * 1000, write: true });
    }
  }
  return arrivals.sort((one, other) => one.at - other.at);
}

function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function quantile(times: number[], part: number): number {
  return times.toSorted((one, other) => one - other)[Math.ceil(part * times.length) - 1] ?? Number.NaN;
}

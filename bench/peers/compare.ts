import { join } from "node:path";
import { startOnce } from "../rows/start.ts";
import type { Measured } from "../support/goals.ts";
import { initializeOf } from "../support/messages.ts";
import { memoryOf } from "../support/process.ts";
import { type Context, tableOf } from "../support/report.ts";
import { interleave, quantile } from "../support/statistics.ts";
import { startStdio } from "../support/stdio.ts";
import type { Workshop } from "../support/workshop.ts";
import { type Contestant, open } from "./contestant.ts";
import { OURS, PEERS, type Peer } from "./peers.ts";
import { pageOf } from "./report.ts";
import { survivors } from "./survival.ts";

/** Median milliseconds of each operation, ours and theirs, at so many tasks. */
export interface AtSize {
  tasks: number;
  operations: Readonly<Record<string, { ours: number; theirs: number }>>;
  memory: { ours: number; theirs: number };
}

/** What was measured of a peer, and of us beside it. */
export interface Comparison {
  peer: Pick<Peer, "name" | "package" | "version" | "store">;
  start: { ours: number; theirs: number };
  startMemory: { ours: number; theirs: number };
  sizes: AtSize[];
  /** Of 100 creates by 4 processes: how many were acknowledged, and how many of those a new process finds. */
  survival: { acknowledged: number; found: number };
}

interface Options {
  out: string;
  context: Context;
  tell(text: string): void;
}

/** Installs the peers into a temporary folder, measures each side by side with us, and writes the figures and the page. */
export async function comparePeers(workshop: Workshop, { out, context, tell }: Options): Promise<void> {
  const modules = await install(workshop);
  const comparisons: Comparison[] = [];
  for (const peer of PEERS) {
    try {
      comparisons.push(await compare(workshop, modules, peer));
      tell(`${peer.name}: measured`);
    } catch (error) {
      tell(`${peer.name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  workshop.tell("4 processes of ours");
  const ours = await survivors(workshop, { ...OURS, command: (_, folder) => commandOf(workshop, folder) }, modules);
  const { calls, ...whole } = { ...context, calls: workshop.plan.peerCalls, survival: ours, peers: comparisons };
  await Bun.write(join(out, "peers.json"), `${JSON.stringify({ ...whole, calls }, undefined, 2)}\n`);
  const page =
    workshop.plan.mode === "full" ? join(import.meta.dir, "..", "..", "docs", "peers.md") : join(out, "peers.md");
  const rows = rowsOf(comparisons);
  tell(tableOf(rows));
  await Bun.write(page, pageOf(context, comparisons, ours));
  tell(`wrote ${join(out, "peers.json")} and ${page}`);
}

/** The rows of the table that peers are in. */
function rowsOf(comparisons: readonly Comparison[]): Measured[] {
  const starts = comparisons.map(({ start }) => start.theirs / start.ours);
  const sizes = comparisons.find(({ peer }) => peer.name === "task-orchestrator")?.sizes ?? [];
  const each = sizes.flatMap(({ operations }) => Object.values(operations).map(({ ours, theirs }) => theirs / ours));
  const last = sizes.at(-1);
  const list = last?.operations["list"];
  return [
    { id: "peers.start", value: Math.min(...starts) },
    { id: "peers.each", value: Math.min(...each), note: "the least of all operations at all sizes" },
    { id: "peers.list", value: (list?.theirs ?? Number.NaN) / (list?.ours ?? 1), note: `${last?.tasks} tasks` },
  ];
}

/** The packages, without their scripts, in a new folder; answers where they lie. */
async function install({ folder, tell }: Workshop): Promise<string> {
  tell("peers: installing from npm");
  const home = folder();
  const dependencies = Object.fromEntries(PEERS.map((peer) => [peer.package, peer.version]));
  await Bun.write(join(home, "package.json"), JSON.stringify({ private: true, dependencies }));
  const child = Bun.spawn([process.execPath, "install", "--ignore-scripts"], {
    cwd: home,
    stdout: "ignore",
    stderr: "pipe",
  });
  const said = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) {
    throw new Error(`Cannot install the peers: ${said}`);
  }
  return join(home, "node_modules");
}

const commandOf = ({ executable }: Workshop, folder: string) => [
  executable,
  "--db",
  join(folder, "tasks.db"),
  "--artifacts",
  join(folder, "artifacts"),
];

async function compare(workshop: Workshop, modules: string, peer: Peer): Promise<Comparison> {
  const { plan, tell } = workshop;
  const us = { ...OURS, command: (_: string, folder: string) => commandOf(workshop, folder) };
  const { name, version, store } = peer;
  const [ours, theirs] = [await open(workshop, us, modules), await open(workshop, peer, modules)];
  const memory: Record<"ours" | "theirs", number[]> = { ours: [], theirs: [] };
  const spawned = async (which: "ours" | "theirs", { command, options }: Contestant) => {
    const started = await startOnce(command, initializeOf(), options);
    memory[which].push(started.memory);
    return started.ms;
  };
  const starts = await interleave(
    Math.ceil(plan.peerCalls / 2),
    { ours: () => spawned("ours", ours), theirs: () => spawned("theirs", theirs) },
    (done, of) => tell(`${name}: start, ${done} of ${of}`),
  );
  const sizes = await atEachSize(workshop, name, ours, theirs);
  tell(`${name}: 4 processes`);
  const survival = await survivors(workshop, peer, modules);
  const medians = (figures: Readonly<Record<"ours" | "theirs", number[]>>) => ({
    ours: quantile(figures.ours, 0.5),
    theirs: quantile(figures.theirs, 0.5),
  });
  return {
    peer: { name, package: peer.package, version, store },
    start: medians(starts),
    startMemory: medians(memory),
    sizes,
    survival,
  };
}

/** Fills both stores step by step and measures every operation at each size, until filling one takes too long. */
async function atEachSize(
  { plan, tell }: Workshop,
  name: string,
  ours: Contestant,
  theirs: Contestant,
): Promise<AtSize[]> {
  const [us, them] = [
    ours.attach(startStdio(ours.command, ours.options)),
    theirs.attach(startStdio(theirs.command, theirs.options)),
  ];
  await Promise.all([us.server.initialize(), them.server.initialize()]);
  const sizes: AtSize[] = [];
  const started = performance.now();
  const inTime = () => performance.now() - started < plan.peerSeconds * 1000;
  for (const tasks of plan.peerTasks) {
    while (them.count() < tasks && inTime()) {
      tell(`${name}: ${them.count()} of ${tasks} tasks`);
      await them.create();
    }
    if (them.count() < tasks) {
      break;
    }
    while (us.count() < tasks) {
      await us.create();
    }
    const operations: Record<string, { ours: number; theirs: number }> = {};
    for (const operation of ["create", "update", "get", "list"] as const) {
      if (operation !== "get" || theirs.peer.get !== undefined) {
        const taken = await interleave(
          plan.peerCalls,
          { ours: () => us.time(operation), theirs: () => them.time(operation) },
          (done, of) => tell(`${name}: ${tasks} tasks, ${operation}, ${done} of ${of}`),
        );
        operations[operation] = { ours: quantile(taken.ours, 0.5), theirs: quantile(taken.theirs, 0.5) };
      }
    }
    sizes.push({ tasks, operations, memory: { ours: memoryOf(us.server.pid), theirs: memoryOf(them.server.pid) } });
  }
  await Promise.all([us.server.end(), them.server.end()]);
  return sizes;
}

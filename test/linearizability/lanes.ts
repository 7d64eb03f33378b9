import { join } from "node:path";
import { runFrontDoor } from "./front-door.ts";
import type { TaskHistories } from "./history.ts";
import { check, type Findings, summary, tally } from "./report.ts";
import { type Recorded, type RunOptions, run } from "./run.ts";
import type { Rules } from "./task-model.ts";

/** How much a lane does: so many operations of each process, and for at least so many seconds where it can go on. */
export interface Scale {
  operations: number;
  seconds?: number | undefined;
  tasks: number;
}

/** What became of a lane. */
export interface LaneResult {
  findings: Findings;
  histories: TaskHistories;
  /** For a reader: what was done, how long it took, what was found. */
  text: string;
}

/** As many processes as every lane has. */
const PROCESSES = 8;

/** Everything on any task, as fast as it goes. */
export const mixed = (folder: string, scale: Scale) => lane("mixed", { folder, ...scale });

/** The same, while half of the processes are killed with `kill -9` half way. */
export const killed = (folder: string, scale: Scale) =>
  lane("4 of 8 killed", { folder, kills: PROCESSES / 2, ...scale });

/** The same, while leases run out a thousand times as fast, persons override, and late writers carry old tokens. */
export const fenced = (folder: string, scale: Scale) =>
  lane("leases lapse, claims are forced", { folder, speed: 1000, force: 0.1, ...scale }, { leasesLapse: true });

/** The same with a bug planted: the task is read, decided on, and written blindly. It must be found. */
export const control = (folder: string, scale: Scale) => lane("control", { folder, careless: true, ...scale });

/** All claim the first task, then the second … */
export const race = (folder: string, tasks: number) => lane("race", { folder, lane: "race", tasks, operations: tasks });

/** All claim whatever is next, until everything that was offered is claimed. */
export const next = (folder: string, operations: number) =>
  lane(
    "next",
    { folder, lane: "next", operations, tasks: PROCESSES * operations, offered: true },
    { initial: { status: "handoff_ready", from: "planner", version: 2 } },
  );

/** The mixed lane on the executable itself. */
export async function frontDoor(folder: string, scale: Scale): Promise<LaneResult> {
  const name = "front door";
  return judged(name, await runFrontDoor({ folder: join(folder, "front-door"), clients: PROCESSES, ...scale }), {});
}

async function lane(
  name: string,
  options: Omit<RunOptions, "lane" | "processes"> & Partial<Pick<RunOptions, "lane">>,
  rules: Rules = {},
): Promise<LaneResult> {
  const folder = join(options.folder, name);
  return judged(name, await run({ lane: "mixed", ...options, processes: PROCESSES, folder }), rules);
}

function judged(name: string, recorded: Recorded, rules: Rules): LaneResult {
  const { histories } = recorded;
  const findings = check(histories, rules);
  return { findings, histories, text: `${summary(name, findings, recorded)}\n  ${tally(histories)}` };
}

/** Who won each task of a race or of claims of the next, and which losers were not told so. */
export function winners(histories: TaskHistories) {
  const wins = new Map<string, string[]>();
  const misled: { task: string; agent: string; outcome: unknown }[] = [];
  for (const [task, history] of histories) {
    const claims = history.flatMap(({ step: { action, outcome } }) =>
      action.kind === "claim" ? [{ agent: action.agent, outcome }] : [],
    );
    const won = claims.filter(({ outcome }) => outcome?.token !== undefined).map(({ agent }) => agent);
    wins.set(task, won);
    for (const { agent, outcome } of claims) {
      const told = outcome?.refused === "not_owner" && outcome.owner === won[0];
      if (outcome?.token === undefined && !told) {
        misled.push({ task, agent, outcome });
      }
    }
  }
  return { wins, misled };
}

/** How many tasks more than one agent was claiming at the same time: a race that nobody ran proves nothing. */
export function contended(histories: TaskHistories): number {
  return [...histories.values()].filter((history) => {
    const claims = history
      .filter(({ step }) => step.action.kind === "claim")
      .toSorted((one, other) => one.start - other.start);
    return claims.some((claim, n) => n > 0 && claim.start < (claims[n - 1]?.end ?? 0));
  }).length;
}

// The long setting of test/linearizability: `bun run linearizability [--seconds N]`: each lane takes
// so many seconds, 10 as a rule, or as long as 100,000 operations take. Prints what each lane
// did and found; exits with 1 where a history is not linearizable, or the planted bug was not found on 95 % of the tasks.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  contended,
  control,
  fenced,
  frontDoor,
  killed,
  mixed,
  next,
  race,
  winners,
} from "../test/linearizability/lanes.ts";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "10" } } });
const seconds = Number(values.seconds);
if (!(seconds > 0)) {
  throw new RangeError(`Cannot run for "${values.seconds}" seconds: a number above 0 is accepted`);
}
const folder = mkdtempSync(join(tmpdir(), "linearizability-"));
const failures: string[] = [];
/** Of each of 8 processes, at least. */
const long = { operations: 12_500, seconds, tasks: 40 };

for (const [lane, scale] of [
  [mixed, long],
  [killed, long],
  [fenced, { ...long, operations: 1000 }],
] as const) {
  const { text, findings } = await lane(folder, scale);
  console.error(text);
  expected(findings.violations.length === 0, `${lane.name}: not linearizable`);
}

const front = await frontDoor(folder, { operations: Math.ceil(100 * seconds), tasks: 40 });
console.error(front.text);
expected(front.findings.violations.length === 0, "front door: not linearizable");

const { text, findings } = await control(folder, { ...long, operations: 8000, tasks: 20 });
console.error(text);
expected(
  findings.violations.length >= 0.95 * findings.tasks,
  "control: the planted bug was not found on 95 % of the tasks",
);

for (const [name, result, tasks] of [
  ["race", await race(folder, 1000), 1000],
  ["next", await next(folder, 1000), 8000],
] as const) {
  console.error(result.text);
  if (name === "race") {
    console.error(`  claimed by several at the same moment: ${contended(result.histories)} tasks`);
  }
  const { wins, misled } = winners(result.histories);
  const once = [...wins.values()].filter((won) => won.length === 1).length;
  expected(once === tasks && wins.size === tasks, `${name}: ${once} of ${tasks} tasks were won exactly once`);
  expected(misled.length === 0, `${name}: ${misled.length} losers were not told the winner`);
  expected(result.findings.violations.length === 0, `${name}: not linearizable`);
}

rmSync(folder, { recursive: true });
console.error(failures.length === 0 ? "all as promised" : failures.join("\n"));
process.exit(failures.length === 0 ? 0 : 1);

function expected(holds: boolean, failure: string): void {
  if (!holds) {
    failures.push(failure);
  }
}

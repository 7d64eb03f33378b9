// `bun run bench [--quick|--smoke] [--out <folder>] [group …]` measures the product against what limits it, and
// `bun run bench peers [--quick|--smoke] [--out <folder>]` against other servers from npm, which it installs into a
// temporary folder. It is no test: nothing is asserted. See docs/performance.md.
import { mkdirSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { SERVER_INFO } from "../src/protocol/server-info.ts";
import { comparePeers } from "./peers/compare.ts";
import { http } from "./rows/http.ts";
import { memory } from "./rows/memory.ts";
import { processes } from "./rows/processes.ts";
import { scale } from "./rows/scale.ts";
import { start } from "./rows/start.ts";
import { stdio } from "./rows/stdio.ts";
import { streams } from "./rows/streams.ts";
import { watch } from "./rows/watch.ts";
import { chartOf } from "./support/chart.ts";
import type { Measured } from "./support/goals.ts";
import { PLANS, type Plan } from "./support/plan.ts";
import { resultsOf, tableOf, withTable } from "./support/report.ts";
import { type Group, inWorkshop } from "./support/workshop.ts";

const GROUPS: Readonly<Record<string, Group>> = { start, stdio, http, scale, processes, watch, streams, memory };

const { values, positionals } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    smoke: { type: "boolean", default: false },
    out: { type: "string", default: import.meta.dir },
  },
  allowPositionals: true,
});
const mode = values.smoke ? "smoke" : values.quick ? "quick" : "full";
const plan: Plan = { mode, ...PLANS[mode] };
const out = resolve(values.out);
const machine = { processor: cpus()[0]?.model ?? "", cores: cpus().length, platform: process.platform };
const context = { version: SERVER_INFO.version, bun: Bun.version, mode, machine, at: new Date().toISOString() };
const tell = createTeller();

mkdirSync(out, { recursive: true });
const measured = await inWorkshop(plan, tell.doing, async (workshop) => {
  if (positionals[0] === "peers") {
    await comparePeers(workshop, { out, context, tell: tell.done });
    return [];
  }
  const rows: Measured[] = [];
  for (const name of positionals.length === 0 ? Object.keys(GROUPS) : positionals) {
    const group = GROUPS[name];
    if (group === undefined) {
      tell.done(`Cannot measure "${name}": accepted are peers, ${Object.keys(GROUPS).join(", ")}`);
      process.exitCode = 2;
      return [];
    }
    const groupRows = await group(workshop);
    tell.done(tableOf(groupRows));
    rows.push(...groupRows);
  }
  return rows;
});
if (measured.length > 0) {
  await Bun.write(join(out, "results.json"), resultsOf(context, measured));
  await Bun.write(join(out, "chart.svg"), chartOf(measured, context));
  if (out === import.meta.dir && positionals.length === 0) {
    const page = join(import.meta.dir, "..", "docs", "performance.md");
    await Bun.write(page, withTable(await Bun.file(page).text(), context, measured));
  }
  tell.done(`wrote ${join(out, "results.json")} and chart.svg`);
}
process.exit();

/** Progress on one line that is written over, where a person looks on; a line for whatever is done. */
function createTeller() {
  const { isTTY } = process.stderr;
  return {
    doing: (text: string) => void (isTTY && process.stderr.write(`\r\u001b[K${text}`)),
    done: (text: string) => void process.stderr.write(`${isTTY ? "\r\u001b[K" : ""}${text}\n`),
  };
}

import { describe, expect, test } from "bun:test";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { enveloped } from "../support/eras.ts";
import { memoryFolder, temporaryFolder } from "../support/folder.ts";
import { EXECUTABLE, startStdio } from "../support/server.ts";
import { createDisk, MODELS } from "./disk.ts";
import { problemsOf } from "./ledger.ts";
import { type Acknowledged, lives, outcomeOf, SHARED } from "./load.ts";
import { type Deed, readTrace, straced } from "./trace.ts";

/** In CI; the long setting is `POWER_CUTS=400 POWER_CALLS=500 bun test --timeout 3600000 test/faults/power-cut.test.ts`. */
const CUTS = Number(Bun.env["POWER_CUTS"] ?? 15);
const CALLS = Number(Bun.env["POWER_CALLS"] ?? 80);
/** One cut in so many is also looked at through the executable. */
const OPENED_EACH = 30;

const hasStrace = Bun.which("strace") !== null;

/** The folder in which a traced server made everything, all it did, and what it acknowledged, by the id of the call. */
interface Recording {
  root: string;
  deeds: Deed[];
  acknowledged: Map<string, Acknowledged>;
}

/** Records a server under load, three calls under way at a time, from its first start to its end. */
async function record(command: readonly string[]): Promise<Recording> {
  const root = join(temporaryFolder(), "disk");
  mkdirSync(root);
  const trace = join(root, "..", "trace");
  // Folders that are not there yet: their names have to survive, too.
  const flags = [
    "--db",
    join(root, "home", "data", "tasks.db"),
    "--artifacts",
    join(root, "home", "files", "artifacts"),
  ];
  const server = startStdio(flags, { command: straced(trace, command) });
  const acknowledged = new Map<string, Acknowledged>();
  let id = 0;
  const send = async (call: Acknowledged["call"]) => {
    const mine = `c${++id}`;
    server.write(
      `${JSON.stringify({ jsonrpc: "2.0", id: mine, method: "tools/call", params: enveloped({ ...call }) })}\n`,
    );
    const outcome = outcomeOf(call, await server.next((message) => message["id"] === mine), /^$/);
    if ("answer" in outcome) {
      acknowledged.set(mine, { call, answer: outcome.answer });
    }
  };
  await send(SHARED);
  const workers = ["a", "b", "c"].map(async (worker) => {
    for (const call of lives(worker, { artifactBytes: 20_000 })) {
      if (id >= CALLS) {
        return;
      }
      await send(call);
    }
  });
  await Promise.all(workers);
  expect(await server.end()).toBe(0);
  return { root, deeds: readTrace(trace), acknowledged };
}

/** Ids of the calls whose answers a text holds. */
function answersIn(text: string): string[] {
  return [...text.matchAll(/"id":"(c\d+)"/g)].map(([, id = ""]) => id);
}

/** Cuts the power at so many moments, under each model, and answers what was wrong after each. */
async function cutAll({ root, deeds, acknowledged }: Recording, { open }: { open: boolean }) {
  const disk = createDisk(root);
  const moments = new Set(Array.from({ length: CUTS }, () => Math.floor(deeds.length * Math.random())));
  const told: Acknowledged[] = [];
  const wrong: string[] = [];
  const folder = join(memoryFolder(), "left");
  let cuts = 0;
  for (const [moment, deed] of deeds.entries()) {
    disk.take(deed);
    if (deed.kind === "tell") {
      told.push(...answersIn(deed.text).flatMap((id) => acknowledged.get(id) ?? []));
    }
    for (const model of moments.has(moment) ? MODELS : []) {
      disk.cut(model, folder);
      const flags = ["--db", join(folder, "home/data/tasks.db"), "--artifacts", join(folder, "home/files/artifacts")];
      if (open && cuts++ % OPENED_EACH === 0) {
        await serveAgain(flags);
      }
      const problems = problemsOf({ db: flags[1] ?? "", artifacts: flags[3] ?? "" }, told);
      if (problems.length > 0) {
        wrong.push(
          `${model}, cut at ${moment} of ${deeds.length}, ${told.length} acknowledged: ${problems.slice(0, 3)}`,
        );
      }
      rmSync(folder, { recursive: true, force: true });
    }
  }
  expect(told.length).toBe(acknowledged.size);
  return wrong;
}

/** The executable takes up what is left, reads and writes. */
async function serveAgain(flags: string[]): Promise<void> {
  const server = startStdio(flags);
  const created = { name: "create_task", arguments: { task_id: "after", title: "After", goal: "" } };
  const answer = await server
    .request("tools/call", enveloped(created))
    .catch(async () => ({ stderr: await new Response(server.process.stderr).text() }));
  expect(answer).toMatchObject({ result: { structuredContent: { task_id: "after", created: true } } });
  expect(await server.end()).toBe(0);
}

describe.skipIf(!hasStrace)("a power cut (strace)", () => {
  test("at any moment takes nothing that was acknowledged, whatever becomes of what was not synced", async () => {
    const recording = await record([EXECUTABLE]);
    const wrong = await cutAll(recording, { open: true });
    console.error(
      `${CUTS} cuts × ${MODELS.length} models, ${recording.acknowledged.size} acknowledged: ${wrong.length} losses`,
    );
    expect(wrong).toEqual([]);
  }, 3_600_000);

  test("would take acknowledged writes if the store synced less: the test can see a loss", async () => {
    const server = [process.execPath, join(import.meta.dir, "normal-server.ts")];
    const wrong = await cutAll(await record(server), { open: false });
    console.error(`control with synchronous = NORMAL: ${wrong.length} of ${CUTS * MODELS.length} cuts show a loss`);
    expect(wrong.length).toBeGreaterThan(CUTS / 4);
  }, 3_600_000);
});

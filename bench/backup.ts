// What the commands on a store of a million rows take, and how long a writer waits meanwhile: `bun bench/backup.ts [tasks]`.
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { createClock } from "../src/clock.ts";
import { createTask } from "../src/domain/create-task.ts";
import { openStore } from "../src/store/sqlite/open.ts";
import { fillWithTasks } from "../test/support/many-tasks.ts";

const root = join(import.meta.dir, "..");
const executable = Bun.env["EXECUTABLE"] ?? join(root, "dist", "mcp-task-server");
const tasks = Number(Bun.argv[2] ?? 500_000);
const folder = join(Bun.env["TMPDIR"] ?? "/tmp", `mcp-task-server-bench-${process.pid}`);
const db = join(folder, "tasks.db");
const flags = ["--db", db, "--artifacts", join(folder, "artifacts")];

/** Creates tasks one after the other until told to stop; answers how many, and the longest wait in milliseconds. */
async function writeOn(
  tag: string,
  stopped: () => boolean,
): Promise<{ writes: number; refused: number; longest: number }> {
  const store = await openStore(db, { now: createClock(), onOutdated: () => undefined });
  let [writes, refused, longest] = [0, 0, 0];
  while (!stopped()) {
    const content = { task_id: `${tag}-${writes + refused}`, title: "T", goal: "g".repeat(300), priority: 2, tags: [] };
    const from = performance.now();
    const done = await store
      .create({
        task_id: content.task_id,
        decide: (existing, now) => createTask(existing, content, { command: "create_task", agent: "bench", now }),
      })
      .catch(() => undefined);
    longest = Math.max(longest, performance.now() - from);
    [writes, refused] = done === undefined ? [writes, refused + 1] : [writes + 1, refused];
    await Bun.sleep(0);
  }
  await store.close();
  return { writes, refused, longest };
}

async function measure(name: string, args: readonly string[]): Promise<void> {
  const from = performance.now();
  const command = Bun.spawn([executable, ...args, ...flags], { stdout: "pipe", stderr: "inherit" });
  let over = false;
  const load = writeOn(name, () => over);
  const [said, exitCode] = await Promise.all([new Response(command.stdout).text(), command.exited]);
  const seconds = (performance.now() - from) / 1000;
  over = true;
  const { writes, refused, longest } = await load;
  const peak = Math.round((command.resourceUsage()?.maxRSS ?? 0) / 2 ** 20);
  const rate = Math.round(writes / seconds);
  process.stderr.write(
    `${name.padEnd(8)} exit ${exitCode}  ${seconds.toFixed(2)} s  ${peak} MiB  ${rate} writes/s beside it, ${refused} refused, longest wait ${longest.toFixed(0)} ms  ${said.trim().split("\n").at(-1)}\n`,
  );
}

try {
  await Bun.$`mkdir -p ${folder}`;
  await fillWithTasks(db, tasks);
  process.stderr.write(`${tasks} tasks, ${2 * tasks} rows, ${Math.round(statSync(db).size / 2 ** 20)} MiB\n`);
  const until = performance.now() + 10_000;
  const alone = await writeOn("alone", () => performance.now() > until);
  process.stderr.write(`alone    ${alone.writes / 10} writes/s, longest wait ${alone.longest.toFixed(0)} ms\n`);
  await measure("backup", ["backup", join(folder, "backup")]);
  await measure("verify", ["verify"]);
  await measure("export", ["export", join(folder, "bundle")]);
  await measure("forget", ["forget", "t5"]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

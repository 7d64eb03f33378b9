import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { handOff } from "../../src/domain/handoff.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import { createSqliteStore } from "../../src/store/sqlite/store.ts";
import { create, grant } from "../store/commands.ts";
import { readHistory, type TaskHistories } from "./history.ts";
import type { Orders } from "./orders.ts";

/** A run of several workers on one store. */
export interface RunOptions
  extends Pick<Orders, "lane" | "operations" | "tasks" | "seconds" | "careless" | "speed" | "force"> {
  folder: string;
  processes: number;
  /** So many of them are killed half way. */
  kills?: number | undefined;
  /** Tasks are offered to all from the start. */
  offered?: boolean | undefined;
}

/** What a run left. */
export interface Recorded {
  histories: TaskHistories;
  /** Operations that a busy store refused, so that nothing was done. */
  busy: number;
  /** From the first operation to the last. */
  seconds: number;
}

/** Starts the workers, lets them go all at once, and reads what they recorded. Throws when one of them failed. */
export async function run(options: RunOptions): Promise<Recorded> {
  const { folder, processes, kills = 0 } = options;
  mkdirSync(folder, { recursive: true });
  const epoch = Date.now();
  const database = join(folder, "tasks.db");
  await prepare(database, options, epoch);
  const workers = Array.from({ length: processes }, (_, me) =>
    startWorker({ ...options, database, epoch, me, agents: processes, history: join(folder, `${me}.jsonl`) }),
  );
  await Promise.all(workers.map(({ said }) => said("ready")));
  const started = performance.now();
  for (const { process } of workers) {
    process.stdin.end();
  }
  await Promise.all(
    workers.map(async ({ process, said }, me) => {
      if (me < kills) {
        await said("half");
        process.kill("SIGKILL");
      }
      const [code, errors] = await Promise.all([process.exited, new Response(process.stderr).text()]);
      if (me >= kills && code !== 0) {
        throw new Error(`a worker failed: ${errors}`);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  const histories: TaskHistories = new Map();
  let busy = 0;
  for (let me = 0; me < processes; me++) {
    busy += readHistory(join(folder, `${me}.jsonl`), histories);
  }
  return { histories, busy, seconds };
}

function startWorker(orders: Orders) {
  const process = Bun.spawn([globalThis.process.execPath, join(import.meta.dir, "worker.ts"), JSON.stringify(orders)], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const output = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    process,
    /** Resolves once it has said `word`, or has ended. */
    async said(word: string): Promise<void> {
      while (!text.includes(word)) {
        const { value, done } = await output.read();
        if (done) {
          return;
        }
        text += value;
      }
    },
  };
}

/** Makes the tasks, without waiting for the disk: what is made here need not outlast a power cut. */
async function prepare(path: string, { tasks, offered = false }: RunOptions, epoch: number): Promise<void> {
  const host = {
    now: () => ({ wall: epoch, uptime: 0, boot_id: "the boot of this test" }),
    onOutdated: () => undefined,
  };
  await (await openStore(path, host)).close();
  const db = new Database(path, { strict: true });
  db.run("PRAGMA synchronous = OFF");
  const store = createSqliteStore({ db, isThere: () => true }, host);
  for (let n = 0; n < tasks; n++) {
    const task_id = `task-${n}`;
    await create(store, { task_id });
    if (offered) {
      await store.write({
        select: { task_id },
        decide: (view, now) => handOff(view, {}, { command: "handoff_task", agent: "planner", grant: grant(), now }),
      });
    }
  }
  await store.close();
}

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./folder.ts";
import { type StdioServer, startStdio } from "./server.ts";

/** A store of its own, and where it lies. */
export interface Place {
  folder: string;
  db: string;
  artifacts: string;
  flags: string[];
}

/** A place for a store in a fresh folder. */
export function freshPlace(): Place {
  const folder = temporaryFolder();
  const [db, artifacts] = [join(folder, "tasks.db"), join(folder, "artifacts")];
  return { folder, db, artifacts, flags: ["--db", db, "--artifacts", artifacts] };
}

/** Calls a tool over stdio and answers its structured content. Throws what it refused. */
export async function ask(server: StdioServer, name: string, args: Record<string, unknown>) {
  const { result, error } = await server.request("tools/call", { name, arguments: args });
  if (error !== undefined || Object(result).isError === true) {
    throw new Error(`${name}: ${JSON.stringify(error ?? result)}`);
  }
  return Object(Object(result).structuredContent);
}

/** A server on stdio at a place, its session opened. */
export async function serverAt({ flags }: Place): Promise<StdioServer> {
  const server = startStdio(flags);
  await server.initialize();
  return server;
}

/** Fills a store with tasks in every state, some with much to say, through the front door. */
export async function fill(place: Place, tasks: number): Promise<void> {
  const server = await serverAt(place);
  for (let n = 0; n < tasks; n++) {
    const task_id = `task-${n}`;
    await ask(server, "create_task", {
      task_id,
      title: `Title ${n} – ü 漢 🎉`,
      goal: `Goal ${n} `.repeat(n),
      tags: ["all", `t${n % 3}`],
      repo_path: "/r",
      agent: "planner",
    });
    for (let step = 0; step < n % 4; step++) {
      const resume_prompt = `next ${n}.${step} ${"…".repeat(n % 7 === 0 ? 5000 : 10)}`;
      const test_results = [{ command: "bun test", status: "passed", passed: step }];
      await ask(server, "save_checkpoint", {
        task_id,
        agent: `agent-${n % 5}`,
        completed_steps: [`step ${step}`],
        resume_prompt,
        test_results,
      });
    }
    if (n % 3 === 0) {
      await ask(server, "attach_artifact", {
        task_id,
        name: `log ${n}`,
        kind: "log",
        content: `line ${n % 6}\n`.repeat(20 * (n % 6)),
        agent: `agent-${n % 5}`,
      });
    }
    await settle(server, task_id, n);
  }
  await server.end();
}

async function settle(server: StdioServer, task_id: string, n: number): Promise<void> {
  const agent = `agent-${n % 5}`;
  if (n % 6 === 1) {
    await ask(server, "handoff_task", { task_id, from_agent: agent, to_agent: "other", reason: "r" });
  } else if (n % 6 === 2) {
    await ask(server, "handoff_task", { task_id, from_agent: agent });
  } else if (n % 6 === 3) {
    await ask(server, "mark_exhausted", { task_id, agent, reason: "quota", resets_at: "2030-01-01T00:00:00Z" });
  } else if (n % 6 === 5) {
    await ask(server, "update_task", { task_id, agent, status: "done" });
  }
}

/** Every file under a folder, by its path. */
export function filesUnder(folder: string): Map<string, Buffer> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(entries.map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name))]));
}

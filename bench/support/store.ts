import { join } from "node:path";
import { callOf, PROGRESS } from "./messages.ts";
import { resultOf, type StdioServer, startStdio } from "./stdio.ts";
import type { Workshop } from "./workshop.ts";

/** A new store of the executable: its flags, and where its database lies. */
export interface FreshStore {
  flags: string[];
  database: string;
}

/** A new store with some tasks that have a checkpoint each, made by the executable itself and closed again. */
export async function storeWith(workshop: Workshop, task_ids: readonly string[]): Promise<FreshStore> {
  const folder = workshop.folder();
  const database = join(folder, "tasks.db");
  const flags = ["--db", database, "--artifacts", join(folder, "artifacts")];
  const server = startStdio([workshop.executable, ...flags]);
  for (const task_id of task_ids) {
    await addTask(server, task_id);
  }
  await server.end();
  return { flags, database };
}

/** Creates a task and saves its first checkpoint, in the stateless era. */
export async function addTask(server: StdioServer, task_id: string): Promise<void> {
  const task = {
    task_id,
    title: `Keep escapes in strings, ${task_id}`,
    goal: "The lexer keeps escapes; all tests pass",
  };
  resultOf(await server.request(callOf("stateless", "create_task", task)));
  resultOf(await server.request(saveOf(task_id, 0)));
}

/** A save_checkpoint that differs from the one before it. */
export function saveOf(task_id: string, n: number) {
  return callOf("stateless", "save_checkpoint", {
    task_id,
    agent: "bench",
    ...PROGRESS,
    resume_prompt: `${n}: ${PROGRESS.resume_prompt}`,
  });
}

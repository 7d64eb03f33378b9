import { type Acknowledgement, acknowledge, type Change, type Decision, type Frame } from "./changes.ts";
import { quote } from "./clean.ts";
import { TaskError } from "./errors.ts";
import { timestamp } from "./instant.ts";
import type { Task, TaskView } from "./task.ts";

/** What a task is created with. */
export interface NewTask {
  task_id: string;
  title: string;
  goal: string;
  repo_path?: string | undefined;
  priority: number;
  tags: readonly string[];
}

/** A decision about a task that may be new, with the hash its content is known by from then on. */
export interface Creation<Answer> {
  decision: Decision<Answer>;
  content_hash: string;
}

/**
 * Creates a task, open and unowned; the same task again (same id, same content) answers the existing one.
 * Throws `conflict` where the id exists with other content.
 */
export function createTask(
  existing: TaskView | undefined,
  content: NewTask,
  deed: Frame,
): Creation<Acknowledgement & { created: boolean }> {
  const content_hash = contentHash(content);
  if (existing === undefined) {
    const change = firstChange(content, deed);
    return { decision: { answer: { ...acknowledge(change.task, deed), created: true }, change }, content_hash };
  }
  if (existing.content_hash !== content_hash) {
    throw new TaskError(
      "conflict",
      `Cannot create task ${quote(content.task_id)}: it was created with other content; ` +
        "choose another task_id, or change the task with update_task",
      { task_id: content.task_id },
    );
  }
  return { decision: { answer: { ...acknowledge(existing.task, deed), created: false } }, content_hash };
}

/** SHA-256 of a task's content at creation: equal content, equal hash. */
function contentHash(content: NewTask): string {
  const { title, goal, repo_path = null, priority, tags } = content;
  return new Bun.CryptoHasher("sha256").update(JSON.stringify([title, goal, repo_path, priority, tags])).digest("hex");
}

function firstChange(content: NewTask, deed: Frame): Change {
  const at = timestamp(deed.now);
  const task: Task = {
    ...content,
    status: "open",
    attempts: [],
    described_by: deed.agent,
    described_at: at,
    checkpoint_count: 0,
    version: 1,
    created_at: at,
    updated_at: at,
  };
  const { title, goal, repo_path, priority, tags } = content;
  const changes = Object.fromEntries(
    Object.entries({ title, goal, repo_path, status: task.status, priority, tags })
      .filter(([, value]) => value !== undefined)
      .map(([field, value]) => [field, { new: value }]),
  );
  const event = { version: 1, command: deed.command, agent: deed.agent, at, effects: ["created"] as const, changes };
  return { task, event };
}

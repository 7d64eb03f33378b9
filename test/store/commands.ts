import { attachArtifact, type NewArtifact } from "../../src/domain/artifact.ts";
import { createTask, type NewTask } from "../../src/domain/create-task.ts";
import type { Grant } from "../../src/domain/lease.ts";
import { saveCheckpoint } from "../../src/domain/save-checkpoint.ts";
import { type TaskUpdate, updateTask } from "../../src/domain/update-task.ts";
import type { Store } from "../../src/store/store.ts";

/** What every command of these tests may grant: a token of its own, an hour, a day. */
export function grant(): Grant {
  return { token: crypto.randomUUID(), lease_seconds: 3600, offer_seconds: 86_400 };
}

/** Creates a task with a title and a goal, unless `content` says others. */
export function create(store: Store, content: Partial<NewTask> & { task_id: string }) {
  const whole = { title: "Title", goal: "Goal", priority: 2, tags: [], ...content };
  return store.create({
    task_id: content.task_id,
    decide: (existing, now) => createTask(existing, whole, { command: "create_task", agent: "planner", now }),
  });
}

/** The same command as the tool of that name, straight on a store. */
export function checkpoint(store: Store, task_id: string, completed_steps: string[]) {
  return store.write({
    select: { task_id },
    decide: (view, now) =>
      saveCheckpoint(view, { completed_steps }, { command: "save_checkpoint", agent: "a", grant: grant(), now }),
  });
}

/** The same command as the tool of that name, straight on a store. */
export function update(store: Store, task_id: string, changes: TaskUpdate) {
  return store.write({
    select: { task_id },
    decide: (view, now) => updateTask(view, changes, { command: "update_task", agent: "a", grant: grant(), now }),
  });
}

/** The same command as the tool of that name, straight on a store. */
export function attach(
  store: Store,
  task_id: string,
  artifact: Pick<NewArtifact, "artifact_id" | "name" | "sha256"> & Partial<NewArtifact>,
) {
  return store.write({
    select: { task_id },
    decide: (view, now) =>
      attachArtifact(
        view,
        { kind: "log", mime_type: "text/plain", size: 1, ...artifact },
        { command: "attach_artifact", agent: "a", grant: grant(), now },
      ),
  });
}

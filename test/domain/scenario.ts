import type { NewArtifact } from "../../src/domain/artifact.ts";
import { attachArtifact } from "../../src/domain/artifact.ts";
import type { Change, Decision, Deed, Event } from "../../src/domain/changes.ts";
import { NO_PROGRESS, type ProgressUpdate, progressOf } from "../../src/domain/checkpoint.ts";
import { createTask, type NewTask } from "../../src/domain/create-task.ts";
import { TaskError } from "../../src/domain/errors.ts";
import { handOff, markExhausted, type Offer } from "../../src/domain/handoff.ts";
import { saveCheckpoint } from "../../src/domain/save-checkpoint.ts";
import type { TaskView } from "../../src/domain/task.ts";
import { type TaskUpdate, updater, updateTask } from "../../src/domain/update-task.ts";

const CONTENT: NewTask = { task_id: "t", title: "Title", goal: "Goal", priority: 2, tags: [] };

/** One task and what agents do to it, without a store: each command is decided on what the one before left. */
export function scenario(content: Partial<NewTask> = {}) {
  let seconds = 0;
  const deed = (command: string, agent: string) => ({
    command,
    agent,
    now: { wall: Date.UTC(2026, 0, 1) + 1000 * seconds++, uptime: seconds },
  });
  const created = createTask(undefined, { ...CONTENT, ...content }, deed("create_task", "planner"));
  let view: TaskView = viewAfter(undefined, created.decision.change, created.content_hash);
  const events: Event[] = [];

  function take<Answer>(decide: (view: TaskView) => Decision<Answer>): Answer | TaskError {
    try {
      const { answer, change } = decide(view);
      if (change !== undefined) {
        events.push(change.event);
      }
      view = viewAfter(view, change, view.content_hash);
      return answer;
    } catch (error) {
      if (error instanceof TaskError) {
        return error;
      }
      throw error;
    }
  }

  return {
    view: () => view,
    events,
    checkpoint: (agent: string, update: ProgressUpdate = { completed_steps: [`step at ${seconds}`] }) =>
      take((now) => saveCheckpoint(now, update, deed("save_checkpoint", agent))),
    handOff: (agent: string, offer: Offer = {}) => take((now) => handOff(now, offer, deed("handoff_task", agent))),
    exhaust: (agent: string, exhaustion = {}) =>
      take((now) => markExhausted(now, exhaustion, deed("mark_exhausted", agent))),
    attach: (agent: string, artifact: NewArtifact) =>
      take((now) => attachArtifact(now, artifact, deed("attach_artifact", agent))),
    update: (agent: string | undefined, update: TaskUpdate) =>
      take((now) => {
        const by = updater(now.task, { agent, current_owner: update.current_owner, fallback: "fallback" });
        const frame: Deed = deed("update_task", by ?? "");
        return updateTask(now, update, frame);
      }),
  };
}

function viewAfter(view: TaskView | undefined, change: Change | undefined, content_hash: string): TaskView {
  if (change === undefined) {
    if (view === undefined) {
      throw new Error("nothing was created");
    }
    return view;
  }
  const progress = change.checkpoint === undefined ? (view?.progress ?? NO_PROGRESS) : progressOf(change.checkpoint);
  const artifacts = [...(view?.artifacts ?? []), ...(change.artifact === undefined ? [] : [change.artifact])];
  return { task: change.task, content_hash, progress, artifacts };
}

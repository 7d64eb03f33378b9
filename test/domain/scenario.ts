import type { NewArtifact } from "../../src/domain/artifact.ts";
import { attachArtifact } from "../../src/domain/artifact.ts";
import type { Change, Decision, Deed, Event } from "../../src/domain/changes.ts";
import { markOf, NO_PROGRESS, type ProgressUpdate, progressOf } from "../../src/domain/checkpoint.ts";
import { type Claim, claimTask } from "../../src/domain/claim-task.ts";
import { createTask, type NewTask } from "../../src/domain/create-task.ts";
import { TaskError } from "../../src/domain/errors.ts";
import { handOff, markExhausted, type Offer } from "../../src/domain/handoff.ts";
import { asOf } from "../../src/domain/lease.ts";
import { saveCheckpoint } from "../../src/domain/save-checkpoint.ts";
import type { TaskView } from "../../src/domain/task.ts";
import { type TaskUpdate, updater, updateTask } from "../../src/domain/update-task.ts";

const CONTENT: NewTask = { task_id: "t", title: "Title", goal: "Goal", priority: 2, tags: [] };

/** One task and what agents do to it, without a store: each command is decided on what the one before left. */
export function scenario(content: Partial<NewTask> = {}) {
  const clock = { wall: Date.UTC(2026, 0, 1), uptime: 1000, boot_id: "boot-1" as string | undefined };
  let commands = 0;
  const now = () => ({ ...clock });
  const deed = (command: string, agent: string, lease_token?: string) => {
    commands++;
    pass(1);
    const grant = { token: crypto.randomUUID(), lease_seconds: 3600, offer_seconds: 86_400 };
    return { command, agent, lease_token, grant, now: now() };
  };
  const pass = (seconds: number) => {
    clock.wall += 1000 * seconds;
    clock.uptime += seconds;
  };
  const created = createTask(undefined, { ...CONTENT, ...content }, deed("create_task", "planner"));
  let view: TaskView = viewAfter(undefined, created.decision.change, created.content_hash);
  const events: Event[] = [];

  function take<Answer>(decide: (view: TaskView) => Decision<Answer>): Answer | TaskError {
    try {
      const { answer, change, renewal } = decide({ ...view, task: asOf(view.task, now()) });
      if (change !== undefined) {
        events.push(change.event);
      }
      view = viewAfter(renewal === undefined ? view : { ...view, task: renewal }, change, view.content_hash);
      return answer;
    } catch (error) {
      if (error instanceof TaskError) {
        return error;
      }
      throw error;
    }
  }

  return {
    view: () => ({ ...view, task: asOf(view.task, now()) }),
    events,
    /** What the clocks show; to be set by tests about time. */
    clock,
    pass,
    claim: (agent: string, how: Claim = {}) => take((now) => claimTask(now, how, deed("claim_task", agent))),
    checkpoint: (agent: string, update: ProgressUpdate = { completed_steps: [`step ${commands}`] }, token?: string) =>
      take((now) => saveCheckpoint(now, update, deed("save_checkpoint", agent, token))),
    handOff: (agent: string, offer: Offer = {}, token?: string) =>
      take((now) => handOff(now, offer, deed("handoff_task", agent, token))),
    exhaust: (agent: string, exhaustion = {}, token?: string) =>
      take((now) => markExhausted(now, exhaustion, deed("mark_exhausted", agent, token))),
    attach: (agent: string, artifact: NewArtifact) =>
      take((now) => attachArtifact(now, artifact, deed("attach_artifact", agent))),
    update: (agent: string | undefined, update: TaskUpdate, token?: string) =>
      take((now) => {
        const by = updater(now, update, { agent, fallback: "fallback" });
        const frame: Deed = deed("update_task", by ?? "", token);
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
  const checkpoint = change.checkpoint === undefined ? view?.checkpoint : markOf(change.checkpoint);
  const artifacts = [...(view?.artifacts ?? []), ...(change.artifact === undefined ? [] : [change.artifact])];
  return { task: change.task, content_hash, progress, checkpoint, artifacts };
}

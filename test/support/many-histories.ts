import { Database } from "bun:sqlite";
import { attachArtifact } from "../../src/domain/artifact.ts";
import type { Change, Decision } from "../../src/domain/changes.ts";
import { markOf, NO_PROGRESS, progressOf } from "../../src/domain/checkpoint.ts";
import { claimTask } from "../../src/domain/claim-task.ts";
import { createTask, type NewTask } from "../../src/domain/create-task.ts";
import { handOff, markExhausted } from "../../src/domain/handoff.ts";
import type { Instant } from "../../src/domain/instant.ts";
import { saveCheckpoint } from "../../src/domain/save-checkpoint.ts";
import type { TaskView } from "../../src/domain/task.ts";
import { updateTask } from "../../src/domain/update-task.ts";
import { indexTags, insertArtifact, insertCheckpoint, insertEvent, insertTask } from "../../src/store/sqlite/apply.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import { createWriting } from "./writing.ts";

/** How many agents, repositories and tags there are, however many tasks. */
export const SPREAD = { agents: 40, repos: 50, tags: 30 } as const;

/** One command on a task that exists, and when it came. */
export interface Step {
  now: Instant;
  decide(view: TaskView, now: Instant): Decision<unknown>;
}

/** All that ever happened to one task. */
export interface History {
  content: NewTask;
  planner: string;
  created: Instant;
  steps: readonly Step[];
}

const START = Date.UTC(2024, 0, 1);
const MINUTE = 60_000;
/** A start of the machine that is over: what runs out is told by the wall clock. */
const BOOT = "0f9f2b7c-0000-4000-8000-000000000000";
/** Tasks written in one transaction. */
const BATCH = 5000;

const pick = (list: { length: number }, n: number) => n % list.length;

/**
 * The history of the n-th task, the same on every run. Of twenty tasks thirteen are done and one is cancelled, two are open,
 * one is in progress, one is offered to an agent, one to all, one exhausted; the second of all tasks with progress has artifacts.
 */
export function historyOf(n: number, total: number): History {
  const write = createWriting(n);
  const at = (step: number): Instant => ({
    wall: START + n * MINUTE + step * (7 + (n % 23)) * 11 * MINUTE,
    uptime: n * 60 + step,
    boot_id: BOOT,
  });
  const agent = `agent-${n % SPREAD.agents}`;
  const next = `agent-${(n + 1 + (n % 7)) % SPREAD.agents}`;
  const content: NewTask = {
    task_id: `task-${`${n}`.padStart(7, "0")}`,
    title: write.sentence(6),
    goal: `${write.sentence(25)} common ${n % 2 === 0 ? "even" : "odd"} unique${n}`,
    repo_path: `/home/dev/repo-${Math.floor(n / 3) % SPREAD.repos}`,
    priority: n % 5,
    tags: [`tag-${n % SPREAD.tags}`, `team-${Math.floor(n / 7) % SPREAD.tags}`],
  };
  const deed = (step: number, by: string, command: string) => ({
    command,
    agent: by,
    now: at(step),
    grant: { token: `${n}-${step}`, lease_seconds: 3600, offer_seconds: 86_400 },
  });
  const save = (step: number, by: string): Step => ({
    now: at(step),
    decide: (view) => saveCheckpoint(view, write.progress(step), deed(step, by, "save_checkpoint")),
  });
  const attach = (step: number, by: string): Step => ({
    now: at(step),
    decide(view) {
      const sha256 = new Bun.CryptoHasher("sha256").update(`${n % Math.max(1, total / 2)}`).digest("hex");
      const made = { artifact_id: `a${n}-${step}`, name: "test.log", kind: "log", mime_type: "text/plain" } as const;
      return attachArtifact(view, { ...made, size: 1000 + n, sha256 }, deed(step, by, "attach_artifact"));
    },
  });
  const offer = (step: number, to_agent: string | undefined): Step => ({
    now: at(step),
    decide: (view) => handOff(view, { to_agent, reason: "end of shift" }, deed(step, agent, "handoff_task")),
  });
  const claim = (step: number, by: string): Step => ({
    now: at(step),
    decide: (view) => claimTask(view, {}, deed(step, by, "claim_task")),
  });
  const settle = (step: number, by: string, status: "done" | "cancelled"): Step => ({
    now: at(step),
    decide: (view) => updateTask(view, { status }, deed(step, by, "update_task")),
  });
  const exhaust: Step = {
    now: at(2),
    decide: (view) =>
      markExhausted(view, { reason: "quota", resets_at: "2024-02-01T00:00:00Z" }, deed(2, agent, "mark_exhausted")),
  };
  const begun = n % 2 === 0 ? [save(1, agent)] : [save(1, agent), attach(2, agent)];
  const ends: readonly (readonly Step[])[] = [
    [],
    [],
    [save(1, agent)],
    [...begun, offer(3, next)],
    [...begun, offer(3, undefined)],
    [save(1, agent), exhaust],
    [settle(1, agent, "cancelled")],
    [save(1, agent), save(2, agent), offer(3, next), claim(4, next), settle(5, next, "done")],
    [...begun, settle(3, agent, "done")],
    [...begun, save(3, agent), settle(4, agent, "done")],
  ];
  const end = n % 20 < 8 ? n % 20 : 7 + (pick({ length: 3 }, n) || 1);
  return { content, planner: `agent-${n % 5}`, created: at(0), steps: ends[end] ?? [] };
}

/** Creates the task of a history: the one command that finds none. */
export function creationOf({ content, planner, created }: History, existing?: TaskView) {
  return createTask(existing, content, { command: "create_task", agent: planner, now: created });
}

/**
 * Fills a database, made where there is none, with the histories of so many tasks: the same rows, in the same order, as if each
 * command had come by itself, but without what is overwritten later, and many tasks in a transaction.
 */
export async function fillWithHistories(path: string, count: number, tell?: (done: number) => void): Promise<void> {
  const now = () => ({ wall: START, uptime: 0 });
  await (await openStore(path, { now, onOutdated: () => undefined })).close();
  const db = new Database(path, { strict: true });
  db.run("PRAGMA synchronous = OFF");
  db.run("PRAGMA cache_size = -400000");
  for (let from = 0; from < count; from += BATCH) {
    db.transaction(() => {
      for (let n = from; n < Math.min(count, from + BATCH); n++) {
        insertHistory(db, historyOf(n, count));
      }
    })();
    tell?.(Math.min(count, from + BATCH));
  }
  db.run("PRAGMA wal_checkpoint(TRUNCATE)");
  db.close();
}

function insertHistory(db: Database, history: History): void {
  const { decision, content_hash } = creationOf(history);
  let view = after({ task: Object(undefined), content_hash, progress: NO_PROGRESS, artifacts: [] }, decision);
  const changes: (Change | undefined)[] = [decision.change];
  for (const { now, decide } of history.steps) {
    const decided = decide(view, now);
    changes.push(decided.change);
    view = after(view, decided);
  }
  const task = insertTask(db, view.task, content_hash);
  indexTags(db, view.task, undefined, task);
  for (const change of changes) {
    if (change?.checkpoint !== undefined) {
      insertCheckpoint(db, task, change.checkpoint);
    }
    if (change?.artifact !== undefined) {
      insertArtifact(db, task, change.artifact);
    }
    if (change !== undefined) {
      insertEvent(db, task, change.event);
    }
  }
}

function after(view: TaskView, { change }: Decision<unknown>): TaskView {
  if (change === undefined) {
    return view;
  }
  const { task, checkpoint, artifact } = change;
  return {
    ...view,
    task,
    ...(checkpoint && { progress: progressOf(checkpoint), checkpoint: markOf(checkpoint) }),
    artifacts: artifact === undefined ? view.artifacts : [...view.artifacts, artifact],
  };
}

import type { Artifact } from "../domain/artifact.ts";
import type { Decision, Event } from "../domain/changes.ts";
import type { Checkpoint } from "../domain/checkpoint.ts";
import type { Creation } from "../domain/create-task.ts";
import type { IdempotencyKey } from "../domain/idempotency.ts";
import type { Instant } from "../domain/instant.ts";
import type { Status } from "../domain/lifecycle.ts";
import type { Task, TaskView } from "../domain/task.ts";
import type { Tokens } from "./tokens.ts";

/** What a list is narrowed to; every field is optional and all must hold. */
export interface TaskFilter {
  status?: Status | undefined;
  /** Compared as agents are: trimmed, case-folded. */
  owner?: string | undefined;
  repo_path?: string | undefined;
  tag?: string | undefined;
  /** ISO 8601, inclusive. */
  updated_since?: string | undefined;
  /**
   * Any text. All its words must occur in the title, the goal or the present progress (steps, prompt, context); see
   * `domain/words.ts` for what a word is. One without words narrows nothing.
   */
  query?: string | undefined;
}

/** A page asked for: at most `limit` entries after `cursor`. */
export interface PageRequest {
  limit: number;
  cursor?: string | undefined;
}

/** A page; `next_cursor` is absent on the last one. */
export interface Page<Entry> {
  entries: readonly Entry[];
  next_cursor?: string | undefined;
}

/** That a task was changed, or created. */
export interface TaskChange {
  /** The place of this change among those of all tasks, in the order of their commits. */
  seq: number;
  task_id: string;
  /** The version the task has since. */
  version: number;
  created: boolean;
}

/** What every command may carry. */
export interface Command {
  /**
   * Of a command with a key, the answer (its JSON) is committed together with what it decided, even if that is nothing,
   * and kept for 24 hours: the same key again is answered the same, without deciding anything; with other arguments it
   * is refused with `conflict`. What is refused, or finds no task, keeps no key. Restarts and other processes change
   * nothing of this.
   */
  key?: IdempotencyKey | undefined;
  /** Once it is aborted, the command is not begun any more, and rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** How the store stands, for whoever operates it. */
export interface StoreState {
  /** `full`: an answered write survives a power cut. */
  durability: "full";
  schema: number;
  /** The log's size: it grows while somebody reads for long. */
  wal_bytes: number;
  last_backup?: string | undefined;
}

/** A command on the one task that `select` names; `decide` is pure, synchronous, and may run twice. */
export interface ChangeCommand<Answer> extends Command {
  select: { task_id: string };
  decide(view: TaskView, now: Instant): Decision<Answer>;
}

/** A command on the next task for `agent`: as `ChangeCommand`, but the store selects it. */
export interface NextCommand<Answer> extends Command {
  agent: string;
  /** Considers open work of this repository too, of all for `*`; without it only offers addressed to the agent. */
  repo_path?: string | undefined;
  decide(view: TaskView, now: Instant): Decision<Answer>;
}

/** A command that creates a task, or finds one of that id there already. */
export interface CreateCommand<Answer> extends Command {
  task_id: string;
  decide(existing: TaskView | undefined, now: Instant): Creation<Answer>;
}

/**
 * The only way to durable state. An answer is given only after COMMIT, and what it reports survives a power cut.
 *
 * Every method may throw `busy` when another process holds the store for five seconds, and rejects with a `TaskError`
 * or, for a bug, with anything else.
 */
export interface Store {
  /**
   * Selects a task, lets the pure `decide` compute the change, writes it: one transaction, in which nothing interleaves.
   * What `decide` throws leaves everything as it was. Throws `not_found`, `storage_full`.
   */
  write<Answer>(command: ChangeCommand<Answer>): Promise<Answer>;
  /**
   * The same for the task that the agent had best take up next, selected in that transaction: by priority, then age,
   * among offers addressed to it and, with `repo_path`, open offers, exhausted and open tasks, and tasks whose lease has
   * run out. What the agent itself let go of is not among them, unless it was exhausted and its limit has been reset.
   * Answers nothing where there is none.
   */
  writeNext<Answer>(command: NextCommand<Answer>): Promise<Answer | undefined>;
  /** The same for a task that may not exist yet. */
  create<Answer>(command: CreateCommand<Answer>): Promise<Answer>;
  /** The answer kept under a key, if there is one: what a command with this key would be answered. Throws `conflict`. */
  answerTo<Answer>(key: IdempotencyKey): Promise<Answer | undefined>;
  /** A task with its newest progress and its artifacts, as it stands now. */
  find(task_id: string): Promise<TaskView | undefined>;
  /** The same without progress and artifacts: cheap, whatever the task holds. */
  peek(task_id: string): Promise<Task | undefined>;
  /**
   * Tasks, the last updated first. Throws `invalid` for a cursor that this store did not give out for this filter. A
   * page of a `query` sees every write that was answered before, by any process, and looks at a bounded number of tasks:
   * it may hold less than `limit`, or nothing, and still have a `next_cursor`.
   */
  list(filter: TaskFilter, page: PageRequest): Promise<Page<Task>>;
  /** What happened to a task, newest first. Throws `not_found`, and `invalid` like `list`. */
  history(task_id: string, page: PageRequest): Promise<Page<Event>>;
  /** A task's checkpoint by its number. */
  checkpoint(task_id: string, number: number): Promise<Checkpoint | undefined>;
  /** A task's artifact by its id or, the newest, by its name. */
  artifact(task_id: string, id_or_name: string): Promise<Artifact | undefined>;
  /**
   * The changes after `seq`, whichever process made them: the first `limit` of them, in the order of their commits. What
   * is committed later has a higher `seq` than any that was ever answered.
   */
  changesSince(seq: number, limit: number): Promise<readonly TaskChange[]>;
  /** Whether there is a change after `seq`, or may be where that cannot be told at once: asked many times a second. */
  changedSince(seq: number): boolean;
  /** The `seq` of the newest change, or 0. A write that is begun after this call is not among what it counts. */
  latestChange(): Promise<number>;
  /** Seconds until the next lease or offer runs out, as far as the system's uptime tells, or an agent's limit is reset. */
  secondsToLapse(): Promise<number | undefined>;
  /**
   * Tasks whose lease or offer has run out, or whose exhausted agent's limit was reset, within the last so many seconds, and
   * that have not been renewed or taken since.
   */
  lapsedWithin(seconds: number): Promise<readonly string[]>;
  /** Ids of tasks that begin with `prefix`, in their order. */
  taskIds(prefix: string, limit: number): Promise<readonly string[]>;
  /** Names of agents that own tasks, or are offered some, and begin with `prefix`, compared as agents are. */
  agents(prefix: string, limit: number): Promise<readonly string[]>;
  readonly tokens: Tokens;
  state(): Promise<StoreState>;
  /** Resolves when a write could be made; writes nothing. */
  probe(): Promise<void>;
  /** Ends what is under way, moves the log into the database file, and closes it. */
  close(): Promise<void>;
}

/** Why a database cannot be served: configuration, not a caller's mistake. The process ends with exit code 78. */
export class StoreRefusal extends Error {}

/** Why something a person asked of the store cannot be done; nothing was. The process ends with exit code 1. */
export class OperationRefusal extends Error {}

import { Database } from "bun:sqlite";
import { TaskError } from "../../domain/errors.ts";
import type { IdempotencyKey } from "../../domain/idempotency.ts";
import type { Instant } from "../../domain/instant.ts";
import { type Task, unknownTask } from "../../domain/task.ts";
import { termsOf } from "../../domain/words.ts";
import type {
  ChangeCommand,
  Command,
  CreateCommand,
  NextCommand,
  Page,
  PageRequest,
  Store,
  TaskFilter,
} from "../store.ts";
import { apply, renew } from "./apply.ts";
import { createCommitQueue } from "./commit-queue.ts";
import { closeQuietly, stateOf, touchNothing } from "./connection.ts";
import { type CursorCodec, createCursorCodec } from "./cursor.ts";
import { createFailsafe, type StoreFailure } from "./failsafe.ts";
import { answerOf, NOTHING, once, type Written } from "./keys.ts";
import { metaValue } from "./meta.ts";
import { onOneState } from "./migrate.ts";
import { nextRow } from "./next.ts";
import type { OpenDatabase } from "./open.ts";
import { artifactRow, checkpointRow, eventRows, listRows, taskRow, viewOf } from "./queries.ts";
import { patiently } from "./retry.ts";
import { type TaskRow, toArtifact, toCheckpoint, toEvent, toTask } from "./rows.ts";
import { SCHEMA_VERSION, schemaVersion } from "./schema.ts";
import { search } from "./search.ts";
import { createIndexer, type Indexer } from "./search-index.ts";
import { createShortReads, type Read } from "./short-reads.ts";
import { inOurWords } from "./storage-error.ts";
import { createTokens } from "./tokens.ts";

// Each statement is prepared once. Bun keeps the last 20 alone; lists make over a hundred, by their filters.
Database.MAX_QUERY_CACHE_SIZE = 256;

/** What the store asks of the process around it. */
export interface StoreHost {
  /** Called inside each write transaction. */
  now(): Instant;
  /** Called once when another process has migrated the database under this one: nothing can be written any more. */
  onOutdated(): void;
  /** Called after each COMMIT that changed something, before the writer has its answer; must not throw. */
  onCommit?(): void;
  /** Called whenever the database turns out to be damaged, before the caller has its refusal. */
  onDamage?(error: Error): void;
  /** Called once when nothing can be kept any more, before the writer that met it has its refusal. */
  onFailed?(failure: StoreFailure, error?: unknown): void;
  /** Called when the store is opened for what is odd about it, but no reason to refuse it. */
  onWarning?(message: string): void;
}

/** A migrated, open database as a Store. */
export function createSqliteStore({ db, isThere }: OpenDatabase, host: StoreHost): Store {
  const indexer = createIndexer(db, (step) => failsafe.guard(step));
  let changed = false;
  const queue = createCommitQueue(db, {
    begin: () => refuseWhenOutdated(db, host),
    guard: (body) => failsafe.guard(() => inOurWords(host, body)),
    words: (body) => inOurWords(host, body),
    committed() {
      if (changed) {
        changed = false;
        indexer.poke();
        host.onCommit?.();
      }
    },
  });
  const write = <Answer>({ key, signal }: Command, body: (now: Instant) => Written<Answer>): Promise<Answer> =>
    queue.commit(() => {
      const now = host.now();
      const { answer, change } = once(db, now, key, () => body(now));
      changed ||= change !== undefined;
      return answer;
    }, signal);
  const readAtOnce: Read = (query) => patiently(() => inOurWords(host, query));
  const read: Read = (query) => queue.read(query) ?? readAtOnce(query);
  const reader = createReader(db, host, { read, readAtOnce, indexer });
  const failsafe = createFailsafe(isThere, (...failure) => host.onFailed?.(...failure));
  // What the processes before left, or an older version did not know.
  indexer.poke();
  return {
    write: (command) => write(command, (now) => change(db, now, command)),
    writeNext: (command) => write(command, (now) => changeNext(db, now, command)),
    create: (command) => write(command, (now) => create(db, now, command)),
    ...reader,
    tokens: createTokens(db, { now: host.now, read: readAtOnce, write: (body) => queue.commit(body) }),
    state: () => readAtOnce(() => stateOf(db)),
    probe: () => queue.alone(() => failsafe.guard(() => inOurWords(host, () => touchNothing(db)))),
    close() {
      indexer.close();
      failsafe.stop();
      return queue.alone(() => (failsafe.failed() ? undefined : closeQuietly(db)));
    },
  };
}

interface Reading {
  /** After the writes that were sent before, but not behind another process's lock. */
  read: Read;
  /** As the store stands. */
  readAtOnce: Read;
  indexer: Indexer;
}

/** What a store reads. */
function createReader(
  db: Database,
  { now }: StoreHost,
  { read, readAtOnce, indexer }: Reading,
): Omit<Store, "write" | "writeNext" | "create" | "tokens" | "state" | "probe" | "close"> {
  const cursors = createCursorCodec(() => cursorKey(db));
  return {
    find: (task_id) =>
      read(() =>
        onOneState(db, () => {
          const row = taskRow(db, task_id);
          return row === undefined ? undefined : viewOf(db, row, now());
        }),
      ),
    list: (filter, page) => read(() => listPage(db, { filter, page, now: now(), cursors, indexer })),
    history: (task_id, { limit, cursor }) =>
      read(() => {
        const { id } = rowOf(db, task_id, "read history of task");
        const scope = `events ${task_id}`;
        const below = cursor === undefined ? Number.MAX_SAFE_INTEGER : cursors.decode(scope, cursor)[1];
        const rows = eventRows(db, id, below, limit + 1);
        const last = rows.length > limit ? rows[limit - 1] : undefined;
        const next_cursor = last === undefined ? undefined : cursors.encode(scope, ["", last.version]);
        return { entries: rows.slice(0, limit).map(toEvent), next_cursor };
      }),
    checkpoint: (task_id, number) =>
      read(() => {
        const task = taskRow(db, task_id);
        const row = task === undefined ? undefined : checkpointRow(db, task.id, number);
        return row === undefined ? undefined : toCheckpoint(row);
      }),
    artifact: (task_id, id_or_name) =>
      read(() => {
        const task = taskRow(db, task_id);
        const row = task === undefined ? undefined : artifactRow(db, task.id, id_or_name);
        return row === undefined ? undefined : toArtifact(row);
      }),
    answerTo: async <Answer>(key: IdempotencyKey) => (await read(() => answerOf<Answer>(db, now(), key)))?.answer,
    ...createShortReads(db, now, { read, readAtOnce }),
  };
}

interface Listing {
  filter: TaskFilter;
  page: PageRequest;
  now: Instant;
  cursors: CursorCodec;
  indexer: Indexer;
}

function listPage(db: Database, { filter, page: { limit, cursor }, now, cursors, indexer }: Listing): Page<Task> {
  const scope = `tasks ${JSON.stringify(filter)}`;
  const after = cursor === undefined ? undefined : cursors.decode(scope, cursor);
  const terms = termsOf(filter.query ?? "");
  if (terms.length === 0) {
    const rows = listRows(db, filter, { after, limit: limit + 1, now });
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    const next_cursor = last === undefined ? undefined : cursors.encode(scope, [last.updated_at, last.id]);
    return { entries: rows.slice(0, limit).map((row) => toTask(row, now)), next_cursor };
  }
  indexer.catchUp();
  const { rows, next } = search(db, { terms, filter, below: after?.[1], limit, now });
  const next_cursor = next === undefined ? undefined : cursors.encode(scope, ["", next]);
  return { entries: rows.map((row) => toTask(row, now)), next_cursor };
}

function change<Answer>(db: Database, now: Instant, { select, decide }: ChangeCommand<Answer>): Written<Answer> {
  return decideOn(db, now, rowOf(db, select.task_id, "find task"), decide);
}

function changeNext<Answer>(db: Database, now: Instant, command: NextCommand<Answer>): Written<Answer | undefined> {
  const row = nextRow(db, command, now);
  return row === undefined ? NOTHING : decideOn(db, now, row, command.decide);
}

function decideOn<Answer>(
  db: Database,
  now: Instant,
  row: TaskRow,
  decide: ChangeCommand<Answer>["decide"],
): Written<Answer> {
  const decision = decide(viewOf(db, row, now), now);
  if (decision.change !== undefined) {
    apply(db, decision.change, row, row.content_hash);
  } else if (decision.renewal !== undefined) {
    renew(db, decision.renewal, row);
  }
  return { decision, task: row.id };
}

function create<Answer>(db: Database, now: Instant, { task_id, decide }: CreateCommand<Answer>): Written<Answer> {
  const row = taskRow(db, task_id);
  const { decision, content_hash } = decide(row === undefined ? undefined : viewOf(db, row, now), now);
  const task = decision.change === undefined ? row?.id : apply(db, decision.change, row, content_hash);
  return { decision, task };
}

function rowOf(db: Database, task_id: string, action: string): TaskRow {
  const row = taskRow(db, task_id);
  if (row === undefined) {
    throw unknownTask(action, task_id);
  }
  return row;
}

/** A newer server may migrate the database while we run; what we would write then might not fit any more. */
function refuseWhenOutdated(db: Database, host: StoreHost): void {
  const version = schemaVersion(db);
  if (version !== SCHEMA_VERSION) {
    host.onOutdated();
    throw new TaskError(
      "busy",
      "Cannot write to the store: a newer mcp-task-server has migrated it, and this one ends now; " +
        "the same call is accepted once this server is restarted from the newer executable",
      { schema: version, known: SCHEMA_VERSION },
    );
  }
}

function cursorKey(db: Database): Uint8Array {
  const key = metaValue(db, "cursor_key");
  if (key === undefined) {
    throw new Error("the database has no cursor key");
  }
  return key;
}

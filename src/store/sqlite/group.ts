import type { Database } from "bun:sqlite";
import { immediately } from "./migrate.ts";
import { isBusy } from "./retry.ts";

/** What one transaction holds at most: so many calls, and no more begun after so many milliseconds. */
const CALLS = 64;
const BATCH_MS = 8;

/** What the queue asks of the store around it. */
export interface QueueHost {
  /** Called first in each transaction; what it throws refuses every call of it. */
  begin(): void;
  /** Runs what may meet the database's errors, and throws them in our words. */
  words<T>(body: () => T): T;
  /** The same for a whole transaction, COMMIT included; throws where what was written is not kept. */
  guard<T>(body: () => T): T;
  /** Called after each COMMIT, before any writer has its answer; must not throw. */
  committed(): void;
}

/** A call that waits for its turn. */
export interface Call {
  body(): unknown;
  signal: AbortSignal | undefined;
  /** `alone` is in no transaction; a read in none needs one. */
  kind: "write" | "read" | "alone";
  /** On the process's own clock, in milliseconds. */
  arrived: number;
  settle(outcome: Outcome): void;
}

/** What became of a call, beside its value, which it keeps. */
type Outcome = { error: unknown } | undefined;

interface Settled {
  call: Call;
  outcome: Outcome;
}

/** Commits one call by itself. */
export function single<T>(db: Database, host: QueueHost, body: () => T): T {
  const value = host.guard(() =>
    immediately(db, () => {
      host.begin();
      return body();
    }),
  );
  host.committed();
  return value;
}

/** Runs the first of `calls`, as many as one transaction holds, and settles and removes them. Throws where busy. */
export function runSome(db: Database, host: QueueHost, calls: Call[]): void {
  const [first, second] = calls;
  if (first === undefined) {
    return;
  }
  const several = first.kind === "write" && second !== undefined && second.kind !== "alone";
  const together = several ? tryTogether(db, host, calls) : undefined;
  if (together === undefined) {
    // By itself, or nothing of a transaction stands: whoever caused that fails again then, and nobody else.
    const outcome = outcomeOf(first, () => runByItself(db, host, first));
    calls.shift();
    first.settle(outcome);
    return;
  }
  calls.splice(0, together.length);
  host.committed();
  for (const { call, outcome } of together) {
    call.settle(outcome);
  }
}

/** What became of the first of `calls` in one transaction; nothing where that could not be committed. Throws where busy. */
function tryTogether(db: Database, host: QueueHost, calls: readonly Call[]): Settled[] | undefined {
  try {
    return host.guard(() => immediately(db, () => runTogether(db, host, calls)));
  } catch (error) {
    if (isBusy(error)) {
      throw error;
    }
    return undefined;
  }
}

function runTogether(db: Database, host: QueueHost, calls: readonly Call[]): Settled[] {
  host.begin();
  const started = performance.now();
  const settled: Settled[] = [];
  for (const call of calls) {
    if (call.kind === "alone" || settled.length === CALLS || performance.now() - started > BATCH_MS) {
      break;
    }
    settled.push({ call, outcome: outcomeOf(call, () => runWithOthers(db, host, call)) });
  }
  return settled;
}

function runByItself(db: Database, host: QueueHost, { kind, body }: Call): void {
  if (kind === "write") {
    single(db, host, body);
  } else if (kind === "read") {
    host.words(body);
  } else {
    body();
  }
}

/** A write in a savepoint of its own. Throws `TransactionLost` where the failure has taken the whole transaction with it. */
function runWithOthers(db: Database, host: QueueHost, call: Call): void {
  if (call.kind === "read") {
    host.words(call.body);
    return;
  }
  db.query("SAVEPOINT call").run();
  try {
    host.words(call.body);
  } catch (error) {
    if (!db.inTransaction) {
      throw new TransactionLost();
    }
    db.run("ROLLBACK TO call");
    throw error;
  } finally {
    if (db.inTransaction) {
      db.query("RELEASE call").run();
    }
  }
}

/** A failure within a savepoint that made SQLite roll everything back. */
class TransactionLost extends Error {}

/** What becomes of a call; a busy store and a lost transaction concern them all. */
function outcomeOf(call: Call, run: () => void): Outcome {
  try {
    call.signal?.throwIfAborted();
    run();
    return undefined;
  } catch (error) {
    if (isBusy(error) || error instanceof TransactionLost) {
      throw error;
    }
    return { error };
  }
}

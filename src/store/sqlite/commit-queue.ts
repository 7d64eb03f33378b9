import type { Database } from "bun:sqlite";
import { type Call, type QueueHost, runSome, single } from "./group.ts";
import { isBusy, jittered, nextPause, patiently, tooLong } from "./retry.ts";

/** The one way to write: calls in the order of their arrival, several of them in one transaction where several wait. */
export interface CommitQueue {
  /**
   * Runs `body` in a transaction and resolves after its COMMIT; with nobody waiting, before this returns. What it throws
   * undoes it alone. Rejects with the signal's reason where that is aborted before its turn, and with `busy` after five
   * seconds of another process's lock.
   */
  commit<T>(body: () => T, signal?: AbortSignal): Promise<T>;
  /** Runs `attempt` in its turn, in no transaction. */
  alone<T>(attempt: () => T): Promise<T>;
  /**
   * Runs `query` in its place among the writes that wait: it sees those that were sent before, and none that came later.
   * Answers nothing where none wait, or another process holds the store: then it is for the caller to run it at once.
   */
  read<T>(query: () => T): Promise<T> | undefined;
}

/** The queue of one connection. */
export function createCommitQueue(db: Database, host: QueueHost): CommitQueue {
  const calls: Call[] = [];
  let draining = false;
  /** Whether a call was committed in this turn of the event loop: those that follow in it wait for the next, together. */
  let committed = false;
  /** Whether another process holds the store: reads do not wait for its lock. */
  let held = false;

  async function drain(): Promise<void> {
    for (let pause = 0; calls.length > 0; ) {
      await (pause === 0 ? new Promise((resolve) => setImmediate(resolve)) : Bun.sleep(jittered(pause)));
      try {
        runSome(db, host, calls);
        held = false;
        pause = 0;
      } catch (error) {
        if (!isBusy(error)) {
          throw error;
        }
        held = true;
        releaseReads(host, calls);
        refuseImpatient(calls);
        pause = nextPause(pause, calls[0]?.arrived ?? performance.now());
      }
    }
    held = false;
    draining = false;
  }

  function enqueue<T>(body: () => T, kind: Call["kind"], signal?: AbortSignal): Promise<T> {
    const { call, promise } = callOf(body, kind, signal);
    calls.push(call);
    if (!draining) {
      draining = true;
      void drain();
    }
    return promise;
  }

  return {
    commit(body, signal) {
      if (committed || draining) {
        return enqueue(body, "write", signal);
      }
      committed = true;
      setImmediate(() => {
        committed = false;
      });
      const answered = attempt(() => {
        signal?.throwIfAborted();
        return single(db, host, body);
      });
      return answered ?? enqueue(body, "write", signal);
    },
    alone: (body) => (draining ? undefined : attempt(body)) ?? enqueue(body, "alone"),
    read: (query) => (draining && !held ? enqueue(query, "read") : undefined),
  };
}

/** A call that waits, and what its caller waits for. */
function callOf<T>(
  body: () => T,
  kind: Call["kind"],
  signal: AbortSignal | undefined,
): { call: Call; promise: Promise<T> } {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let done: { value: T } | undefined;
  const call: Call = {
    body: () => {
      done = { value: body() };
    },
    signal,
    kind,
    arrived: performance.now(),
    settle(failed) {
      if (failed !== undefined) {
        reject(failed.error);
      } else if (done !== undefined) {
        resolve(done.value);
      }
    },
  };
  return { call, promise };
}

/** At once, where nobody waits; nothing where another process holds the store. */
function attempt<T>(body: () => T): Promise<T> | undefined {
  try {
    return Promise.resolve(body());
  } catch (error) {
    return isBusy(error) ? undefined : Promise.reject(error);
  }
}

function refuseImpatient(calls: Call[]): void {
  for (let call = calls[0]; call !== undefined && tooLong(call.arrived) !== undefined; call = calls[0]) {
    call.settle({ error: tooLong(call.arrived) });
    calls.shift();
  }
}

/** What only reads does so at once, as the store stands: the writes before it are yet to be made. */
function releaseReads(host: QueueHost, calls: Call[]): void {
  const reads = calls.filter(({ kind }) => kind === "read");
  const writes = calls.filter(({ kind }) => kind !== "read");
  calls.splice(0, calls.length, ...writes);
  for (const { body, settle } of reads) {
    patiently(() => host.words(body)).then(
      () => settle(undefined),
      (error) => settle({ error }),
    );
  }
}

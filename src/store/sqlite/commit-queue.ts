import type { Database } from "bun:sqlite";
import { type Call, type QueueHost, runSome, single } from "./group.ts";
import { isBusy, jittered, nextPause, tooLong } from "./retry.ts";

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
   * Resolves when what was sent before has been written, or another process holds the store: reads do not overtake
   * writes, and do not wait for a lock. Nothing where there is nothing to wait for.
   */
  settled(): Promise<unknown> | undefined;
}

/** The queue of one connection. */
export function createCommitQueue(db: Database, host: QueueHost): CommitQueue {
  const calls: Call[] = [];
  let draining = false;
  /** Whether a call was committed in this turn of the event loop: those that follow in it wait for the next, together. */
  let committed = false;
  let last: Promise<unknown> | undefined;
  let held = Promise.withResolvers<void>();

  async function drain(): Promise<void> {
    for (let pause = 0; calls.length > 0; ) {
      await (pause === 0 ? new Promise((resolve) => setImmediate(resolve)) : Bun.sleep(jittered(pause)));
      try {
        runSome(db, host, calls);
        if (pause > 0) {
          held = Promise.withResolvers();
          pause = 0;
        }
      } catch (error) {
        if (!isBusy(error)) {
          throw error;
        }
        held.resolve();
        refuseImpatient(calls);
        pause = nextPause(pause, calls[0]?.arrived ?? performance.now());
      }
    }
    held = Promise.withResolvers();
    last = undefined;
    draining = false;
  }

  function enqueue<T>(body: () => T, alone: boolean, signal: AbortSignal | undefined): Promise<T> {
    const { call, promise } = callOf(body, alone, signal);
    calls.push(call);
    last = promise.catch(() => undefined);
    if (!draining) {
      draining = true;
      void drain();
    }
    return promise;
  }

  return {
    commit(body, signal) {
      if (committed || draining) {
        return enqueue(body, false, signal);
      }
      committed = true;
      setImmediate(() => {
        committed = false;
      });
      const answered = attempt(() => {
        signal?.throwIfAborted();
        return single(db, host, body);
      });
      return answered ?? enqueue(body, false, signal);
    },
    alone: (body) => (draining ? undefined : attempt(body)) ?? enqueue(body, true, undefined),
    settled: () => (last === undefined ? undefined : Promise.race([last, held.promise])),
  };
}

/** A call that waits, and what its caller waits for. */
function callOf<T>(
  body: () => T,
  alone: boolean,
  signal: AbortSignal | undefined,
): { call: Call; promise: Promise<T> } {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let done: { value: T } | undefined;
  const call: Call = {
    body: () => {
      done = { value: body() };
    },
    signal,
    alone,
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

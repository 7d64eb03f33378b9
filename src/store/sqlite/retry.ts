import { SQLiteError } from "bun:sqlite";
import { TaskError } from "../../domain/errors.ts";

/** How long a call waits for a store that other processes hold, in milliseconds. */
const PATIENCE_MS = 5000;

/**
 * Runs `attempt` until the database is not busy. Our own jittered pauses instead of `busy_timeout`: SQLite's handler
 * freezes the event loop and starves one process of several. Throws `busy` after five seconds, counted from `since`.
 */
export async function patiently<T>(attempt: () => T, since = performance.now()): Promise<T> {
  for (let pause = 0.5; ; pause = Math.min(pause * 1.5, 8)) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error)) {
        throw error;
      }
      if (performance.now() - since > PATIENCE_MS) {
        throw new TaskError(
          "busy",
          "Cannot reach the store: another process has held it for 5 seconds; the same call again is accepted",
        );
      }
    }
    await Bun.sleep(pause * (0.5 + Math.random()));
  }
}

/**
 * Runs attempts one at a time, in the order of their arrival. With nobody waiting, an attempt runs before the call
 * returns: what a client sends in one go happens in the order it was sent, reads included.
 */
export function createQueue() {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  return <T>(attempt: () => T): Promise<T> => {
    const arrived = performance.now();
    if (waiting === 0) {
      try {
        return Promise.resolve(attempt());
      } catch (error) {
        if (!isBusy(error)) {
          return Promise.reject(error);
        }
      }
    }
    waiting++;
    const turn = last
      .then(() => patiently(attempt, arrived))
      .finally(() => {
        waiting--;
      });
    last = turn.catch(() => undefined);
    return turn;
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof SQLiteError && /^SQLITE_(BUSY|LOCKED)/.test(error.code ?? "");
}

import { SQLiteError } from "bun:sqlite";
import { TaskError } from "../../domain/errors.ts";

/** How long a call waits for a store that other processes hold, in milliseconds. */
const PATIENCE_MS = 5000;

/** The pauses between attempts, in milliseconds: how they begin and grow, and how long they get. */
const PAUSE = { first: 0.5, growth: 1.5, longest: 8 };
/** Who has waited so long tries more often than those who came later, so that none waits much longer than others; in ms. */
const AGED = { after: 60, longest: 1.5 };

/**
 * Runs `attempt` until the database is not busy. Our own jittered pauses instead of `busy_timeout`: SQLite's handler
 * freezes the event loop and starves one process of several. Throws `busy` after five seconds, counted from `since`.
 */
export async function patiently<T>(attempt: () => T, since = performance.now()): Promise<T> {
  for (let pause = 0; ; ) {
    try {
      return attempt();
    } catch (error) {
      const refusal = isBusy(error) ? tooLong(since) : error;
      if (refusal !== undefined) {
        throw refusal;
      }
    }
    pause = nextPause(pause, since);
    await Bun.sleep(jittered(pause));
  }
}

/** The pause, in milliseconds, that follows `pause` (0 at first) for who has waited since `since`. */
export function nextPause(pause: number, since: number): number {
  const longest = performance.now() - since > AGED.after ? AGED.longest : PAUSE.longest;
  return Math.min(Math.max(PAUSE.first, pause * PAUSE.growth), longest);
}

/** A pause around `pause` milliseconds, so that processes do not come back in step. */
export function jittered(pause: number): number {
  return pause * (0.5 + Math.random());
}

/** The refusal of whoever has waited since `since` for longer than anybody should. */
export function tooLong(since: number): TaskError | undefined {
  return performance.now() - since > PATIENCE_MS
    ? new TaskError(
        "busy",
        "Cannot reach the store: another process has held it for 5 seconds; the same call again is accepted",
      )
    : undefined;
}

/** Whether another connection was in the way. */
export function isBusy(error: unknown): boolean {
  return error instanceof SQLiteError && /^SQLITE_(BUSY|LOCKED)/.test(error.code ?? "");
}

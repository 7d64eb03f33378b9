import { EXIT } from "./config.ts";
import type { Log } from "./log.ts";

/** What is in flight when the process is told to end has this long to be answered, in milliseconds. */
const GRACE_MS = 4500;

/** When nothing can be kept any more, what has been refused has this long to be told, in milliseconds. */
const LAST_WORDS_MS = 700;

/** Ends the process in good order when it is told to, and at once on a bug that nobody caught. */
export function endOnSignals(stop: AbortController, log: Log): void {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => {
      log.debug("ending", { signal });
      stop.abort();
      setTimeout(() => {
        log.error("ending before everything was answered", signal);
        process.exit(EXIT.failure);
      }, GRACE_MS).unref();
    });
  }
  process.on("uncaughtException", (error) => {
    log.error("ending on an uncaught error", error);
    process.exit(EXIT.failure);
  });
}

/** Ways to end that nobody asked for. See `createEnding`. */
export type Ending = ReturnType<typeof createEnding>;

/** Ways to end that nobody asked for. Each waits until the refusal of the present call has gone out. */
export function createEnding(stop: AbortController, log: Log) {
  let exitCode: number = EXIT.ok;
  const end = (why: string, error: unknown, code: number = EXIT.configuration) => {
    exitCode = code;
    log.error(`ending: ${why}`, error);
    setTimeout(() => stop.abort(), 0);
  };
  /** Nothing is kept, and nothing acknowledged, any more: no time for good manners. */
  const fail = (...ended: Parameters<typeof end>) => {
    end(...ended);
    setTimeout(() => process.exit(exitCode), LAST_WORDS_MS);
  };
  return {
    end,
    replaced: (path: string) => fail("the database file was removed or replaced", path),
    unsynced: (error: unknown) => fail("the system could not make a write durable", error, EXIT.failure),
    exitCode: () => exitCode,
  };
}

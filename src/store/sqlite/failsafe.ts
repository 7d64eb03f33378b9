import { TaskError } from "../../domain/errors.ts";
import type { Presence } from "./presence.ts";
import { isUnsynced } from "./storage-error.ts";

/** Why nothing can be kept any more: the file was removed or replaced, or the system failed to make a write durable. */
export type StoreFailure = "replaced" | "unsynced";

/** How often an idle process looks whether its database is still there, in milliseconds. */
const LOOK_MS = 2000;

const WORDS: Readonly<Record<StoreFailure, readonly ["busy" | "internal", string]>> = {
  replaced: [
    "busy",
    "Cannot write to the store: its database file was removed or replaced under this server, which ends now; " +
      "the same call is accepted once this server is restarted",
  ],
  unsynced: [
    "internal",
    "Cannot write to the store: the system could not make it durable, and whether it is kept is unknown; " +
      "this server ends now, and get_task tells once it is restarted",
  ],
};

/** Lets writes be acknowledged only as long as what is written is kept. */
export interface Failsafe {
  /** Runs a whole write, COMMIT included. Throws `busy` or `internal`, and lets no later write begin, once it is not kept. */
  guard<T>(write: () => T): T;
  /** Whether nothing is kept any more: the files had better be left alone. */
  failed(): boolean;
  /** No more looks. */
  stop(): void;
}

/**
 * The failsafe of an open connection, which tells the first failure once; `isThere` since the database was opened. A removed file stays open and takes writes that
 * nobody will ever read, and after a failed fsync the system may report the next as done without having written: so
 * neither is survived, as in PostgreSQL.
 */
export function createFailsafe(
  isThere: Presence,
  onFailed: (failure: StoreFailure, error?: unknown) => void,
): Failsafe {
  let refusal: TaskError | undefined;
  const fail = (failure: StoreFailure, error?: unknown): TaskError => {
    if (refusal === undefined) {
      clearInterval(timer);
      refusal = new TaskError(...WORDS[failure]);
      onFailed(failure, error);
    }
    return refusal;
  };
  const timer = setInterval(() => {
    if (!isThere()) {
      fail("replaced");
    }
  }, LOOK_MS);
  timer.unref();
  return {
    guard(write) {
      if (refusal !== undefined) {
        throw refusal;
      }
      let result: ReturnType<typeof write>;
      try {
        result = write();
      } catch (error) {
        throw isUnsynced(error) ? fail("unsynced", error) : error;
      }
      // Only now: what is removed after this look is removed with a write that was acknowledged in time.
      if (!isThere()) {
        throw fail("replaced");
      }
      return result;
    },
    failed: () => refusal !== undefined,
    stop: () => clearInterval(timer),
  };
}

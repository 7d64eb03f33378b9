import { SQLiteError } from "bun:sqlite";
import { TaskError } from "../../domain/errors.ts";
import { DamagedRow } from "./hashes.ts";

/** Runs `body`; what its storage fails with is thrown in our words, and damage is told to the process. */
export function inOurWords<T>(host: { onDamage?(error: Error): void }, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (isDamage(error)) {
      host.onDamage?.(error);
    }
    throw wordsFor(error) ?? error;
  }
}

/** Whether an error says that the database is not what was written. */
export function isDamage(error: unknown): error is Error {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error)) || error instanceof DamagedRow;
}

/** Whether the system could not make a write durable: nobody knows then whether it is kept. */
export function isUnsynced(error: unknown): boolean {
  return /^SQLITE_IOERR_(?:DIR_)?FSYNC$/.test(codeOf(error));
}

/**
 * Why there is no room, if that is what an error says. SQLite tells a quota, a size limit and a failing disk alike, and a
 * full disk, too, where its shared memory (SHMSIZE) needs the room.
 */
export function noRoom(error: unknown): string | undefined {
  const code = codeOf(error);
  if (code === "SQLITE_FULL") {
    return "the disk is full";
  }
  return /^SQLITE_IOERR_(WRITE|SHMSIZE)$/.test(code)
    ? "the disk is full, a quota or size limit is reached, or the disk fails"
    : undefined;
}

/** What a caller is told of a storage that fails; of a write, the transaction has been rolled back. */
function wordsFor(error: unknown): TaskError | undefined {
  if (isDamage(error)) {
    return new TaskError(
      "internal",
      "Cannot use the store: its database is damaged; a person has to run `mcp-task-server verify`, " +
        "until then what is sound is served",
    );
  }
  const reason = noRoom(error);
  if (reason !== undefined) {
    return new TaskError(
      "storage_full",
      `Cannot write to the store: ${reason}; nothing was written, and the same call is accepted once there is room`,
    );
  }
  if (/^SQLITE_(READONLY|CANTOPEN|PERM)/.test(codeOf(error))) {
    return new TaskError(
      "forbidden",
      "Cannot use the store: the server may not write to its database (read-only, or no permission); " +
        "a person has to mend that, reads go on",
    );
  }
  return undefined;
}

function codeOf(error: unknown): string {
  return error instanceof SQLiteError ? (error.code ?? "") : "";
}

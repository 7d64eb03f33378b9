import { SQLiteError } from "bun:sqlite";
import { TaskError } from "../../domain/errors.ts";
import { DamagedRow } from "./hashes.ts";

/** Runs `body`; what its storage fails with is thrown in our words, and damage is told to the process. */
export function inOurWords<T>(host: { onDamage?(error: Error): void }, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof SQLiteError && /^SQLITE_(FULL|IOERR_WRITE)$/.test(error.code ?? "")) {
      throw new TaskError(
        "storage_full",
        "Cannot write to the store: the disk or quota is full; the same call is accepted once there is room",
      );
    }
    if (isDamage(error)) {
      host.onDamage?.(error);
      throw new TaskError(
        "internal",
        "Cannot use the store: its database is damaged; a person has to run `mcp-task-server verify`, " +
          "until then what is sound is served",
      );
    }
    throw error;
  }
}

/** Whether an error says that the database is not what was written. */
export function isDamage(error: unknown): error is Error {
  const corrupt = error instanceof SQLiteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code ?? "");
  return corrupt || error instanceof DamagedRow;
}

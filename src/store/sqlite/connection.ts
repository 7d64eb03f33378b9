import { type Database, SQLiteError } from "bun:sqlite";
import { statSync } from "node:fs";
import type { StoreState } from "../store.ts";
import { metaText } from "./meta.ts";
import { schemaVersion } from "./schema.ts";

/** Takes the write lock and gives it back. */
export function touchNothing(db: Database): void {
  db.run("BEGIN IMMEDIATE");
  db.run("ROLLBACK");
}

/** What a person may want to know of an open store. */
export function stateOf(db: Database): StoreState {
  return {
    durability: "full",
    schema: schemaVersion(db),
    wal_bytes: statSync(`${db.filename}-wal`, { throwIfNoEntry: false })?.size ?? 0,
    last_backup: metaText(db, "last_backup"),
  };
}

/** Another process may be reading, or the disk be full: then the log stays, and the last process to close moves it. */
export function closeQuietly(db: Database): void {
  try {
    db.run("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (error) {
    if (!(error instanceof SQLiteError)) {
      throw error;
    }
  } finally {
    db.close();
  }
}

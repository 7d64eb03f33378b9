import type { Database } from "bun:sqlite";

/** "MTSK" in ASCII, at offset 68 of every database file of ours. */
export const APPLICATION_ID = 0x4d54534b;

/** The schema this executable writes; `PRAGMA user_version` of a migrated database. Its migrations are in `migrate.ts`. */
export const SCHEMA_VERSION = 9;

/** The version of the schema as the present transaction sees it. */
export function schemaVersion(db: Database): number {
  return db.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
}

/** Whose database it is, by its own mark. */
export function applicationOf(db: Database): number | undefined {
  return db.query<{ application_id: number }, []>("PRAGMA application_id").get()?.application_id;
}

/** The reason not to touch a database of a later release. */
export function newerThanOurs(version: number): string {
  return `it was written by a newer mcp-task-server (schema ${version}, this one knows ${SCHEMA_VERSION})`;
}

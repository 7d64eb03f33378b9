import { Database } from "bun:sqlite";
import { HASHED_TABLES, type HashedTable, isSound, nameOf, rowsOf } from "./hashes.ts";
import { headerFlaws } from "./header.ts";
import { HASHED_SINCE, LABELED_STATUS_SINCE, migrateAtOnce, REMOVALS_SINCE } from "./migrate.ts";
import { begunRemovals, type Removable } from "./remove.ts";
import { patiently } from "./retry.ts";
import { SCHEMA_VERSION, schemaVersion } from "./schema.ts";

/** What was looked at, and what was found. */
export interface Verified {
  /** A line each; none when the database is sound. */
  damages: string[];
  /** Lines that say what else a person should know. */
  notes: string[];
  rows: number;
}

/** Of one kind of damage so many are told one by one. */
const TOLD = 100;

/** A table that only a backup has. */
export const BACKUP_TABLE = "backup_artifacts";

/** Looks at everything in an open database, as it is at one moment; servers may go on writing. */
export async function verifyDatabase(db: Database, path: string): Promise<Verified> {
  const verified: Verified = { damages: [], notes: [], rows: 0 };
  const look = (what: string, check: () => Iterable<string>) => {
    try {
      tell(verified.damages, check());
    } catch (error) {
      verified.damages.push(`${what} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  look("the header", () => headerFlaws(path));
  await patiently(() => db.run("BEGIN"));
  try {
    look("the database", () => integrity(db));
    look("the references", () => references(db));
    const version = schemaVersion(db);
    if (version === SCHEMA_VERSION) {
      look("the schema", () => schemaFlaws(db));
    }
    if (version < HASHED_SINCE) {
      verified.notes.push(
        `its rows have no hashes yet (schema ${version}): the next server that opens it gives them some`,
      );
    } else {
      for (const table of HASHED_TABLES) {
        look(`table ${table}`, () => rowFlaws(db, table, verified));
      }
    }
    const leaving: Removable[] = [];
    look("the removals", () => {
      leaving.push(...(version < REMOVALS_SINCE ? [] : begunRemovals(db, Number.MAX_SAFE_INTEGER)));
      return [];
    });
    for (const { task_id } of leaving) {
      verified.notes.push(`${task_id}: its removal was begun; the next \`prune\` or \`forget\` ends it`);
    }
    for (const { what, sql, since = 0 } of CONSISTENT) {
      if (version >= since) {
        look(what, () => inconsistencies(db, what, sql, leaving));
      }
    }
  } finally {
    if (db.inTransaction) {
      db.run("ROLLBACK");
    }
  }
  return verified;
}

function tell(lines: string[], found: Iterable<string>): void {
  let count = 0;
  let last = "";
  for (const line of found) {
    count++;
    last = line;
    if (count <= TOLD) {
      lines.push(line);
    }
  }
  if (count > TOLD) {
    lines.push(`… and ${count - TOLD} more, the last: ${last}`);
  }
}

function integrity(db: Database): string[] {
  return db
    .query<{ integrity_check: string }, []>("PRAGMA integrity_check")
    .all()
    .map((row) => row.integrity_check)
    .filter((text) => text !== "ok")
    .map((text) => `integrity_check: ${text.replaceAll("\n", "; ")}`);
}

function references(db: Database): string[] {
  return db
    .query<{ table: string; rowid: number | null; parent: string }, []>("PRAGMA foreign_key_check")
    .all()
    .map(({ table, rowid, parent }) => `${table}, row ${rowid}: what it refers to in ${parent} does not exist`);
}

function* rowFlaws(db: Database, table: HashedTable, verified: Verified): Generator<string> {
  for (const row of rowsOf(db, table)) {
    verified.rows++;
    if (!isSound(table, row)) {
      yield `${nameOf(table, row)}: not as it was written`;
    }
  }
}

/** What must hold between tables, from a schema on; each answers the task, or whatever it is, where it does not. */
const CONSISTENT: readonly { what: string; sql: string; since?: number }[] = [
  {
    what: "its history or its checkpoints are not complete",
    sql: `SELECT task_id AS name FROM tasks
      WHERE version <> (SELECT count(*) FROM events WHERE task = tasks.id)
        OR checkpoint_count <> (SELECT count(*) FROM checkpoints WHERE task = tasks.id)`,
  },
  {
    what: "its labels are not indexed as they are",
    sql: `WITH
        said (tag, at, task) AS (SELECT value, updated_at, tasks.id FROM tasks, json_each(tasks.tags)),
        indexed (tag, at, task) AS (SELECT tag, updated_at, task FROM task_tags)
      SELECT task_id AS name FROM tasks WHERE tasks.id IN (
        SELECT task FROM (SELECT * FROM said EXCEPT SELECT * FROM indexed)
        UNION SELECT task FROM (SELECT * FROM indexed EXCEPT SELECT * FROM said))`,
  },
  {
    what: "its labels are indexed under another status",
    sql: `SELECT DISTINCT task_id AS name FROM tasks JOIN task_tags ON task_tags.task = tasks.id
      WHERE task_tags.status <> tasks.status`,
    since: LABELED_STATUS_SINCE,
  },
  {
    what: "its next number cannot be right",
    sql: `SELECT name FROM sqlite_sequence
      WHERE name = 'events' AND NOT (seq >= (SELECT coalesce(max(seq), 0) FROM events) AND seq < 9007199254740992)`,
  },
];

/** Of a task that is `leaving` a part is gone, which is no damage. */
function inconsistencies(db: Database, what: string, sql: string, leaving: readonly Removable[]): string[] {
  return db
    .query<{ name: string }, []>(sql)
    .all()
    .filter(({ name }) => !leaving.some(({ task_id }) => task_id === name))
    .map(({ name }) => `${name}: ${what}`);
}

/** The schema as it lies in the file against the one that this executable makes. */
function schemaFlaws(db: Database): string[] {
  const model = new Database(":memory:");
  try {
    migrateAtOnce(model);
    const [is, should] = [schemaOf(db), schemaOf(model)];
    const names = new Set([...is.keys(), ...should.keys()]);
    return [...names].filter((name) => is.get(name) !== should.get(name)).map((name) => `schema of ${name}: not ours`);
  } finally {
    model.close();
  }
}

function schemaOf(db: Database): Map<string, string> {
  const rows = db
    .query<{ type: string; name: string; tbl_name: string; sql: string | null }, [string]>(
      "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE tbl_name <> ? AND name NOT LIKE 'sqlite_stat%'",
    )
    .all(BACKUP_TABLE);
  return new Map(rows.map(({ type, name, tbl_name, sql }) => [name, `${type} ${tbl_name} ${sql}`]));
}

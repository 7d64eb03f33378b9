import type { Database } from "bun:sqlite";
import { StoreRefusal } from "../store.ts";
import init from "./0001-init.sql" with { type: "text" };
import leases from "./0002-leases.sql" with { type: "text" };
import idempotency from "./0003-idempotency.sql" with { type: "text" };
import search from "./0004-search.sql" with { type: "text" };
import tokens from "./0005-tokens.sql" with { type: "text" };
import hashes from "./0006-hashes.sql" with { type: "text" };
import scale from "./0007-scale.sql" with { type: "text" };
import resets from "./0008-resets.sql" with { type: "text" };
import removals from "./0009-removals.sql" with { type: "text" };
import { sealRows } from "./hashes.ts";
import { patiently } from "./retry.ts";
import { APPLICATION_ID, applicationOf, newerThanOurs, SCHEMA_VERSION, schemaVersion } from "./schema.ts";

/** A step of the schema: its SQL, and what SQL cannot do, in the same transaction. */
interface Migration {
  sql: string;
  finish?(db: Database): void;
}

/** The n-th brings a database to version n, the last to ours: what is missing here does not compile. */
const MIGRATIONS: readonly Migration[] & { length: typeof SCHEMA_VERSION } = [
  { sql: init },
  { sql: leases },
  { sql: idempotency },
  { sql: search },
  { sql: tokens },
  { sql: hashes, finish: sealRows },
  { sql: scale },
  { sql: resets },
  { sql: removals },
] as const;

/** The first schema whose rows carry their hash. */
export const HASHED_SINCE: number = MIGRATIONS.findIndex(({ sql }) => sql === hashes) + 1;

/** The first schema whose labels are indexed with the status of their task. */
export const LABELED_STATUS_SINCE: number = MIGRATIONS.findIndex(({ sql }) => sql === scale) + 1;

/** The first schema in which tasks may be removed little by little. */
export const REMOVALS_SINCE: number = MIGRATIONS.findIndex(({ sql }) => sql === removals) + 1;

/**
 * Marks a fresh file as ours, switches it to WAL and brings it to our version. Any number of processes may do so at
 * once: each step is one transaction that looks again at what it finds inside, and is tried again when busy.
 */
export async function migrate(db: Database): Promise<void> {
  await patiently(() => stamp(db));
  await patiently(() => db.run("PRAGMA journal_mode = WAL"));
  await patiently(() => applyMissing(db));
}

/** Our mark goes into the file before anything else does, so the header alone tells whose it is. */
function stamp(db: Database): void {
  if (applicationOf(db) !== APPLICATION_ID) {
    immediately(db, () => db.run(`PRAGMA application_id = ${APPLICATION_ID}`));
  }
}

function applyMissing(db: Database): void {
  if (schemaVersion(db) === SCHEMA_VERSION) {
    return;
  }
  immediately(db, () => {
    const version = schemaVersion(db);
    if (version > SCHEMA_VERSION) {
      throw new StoreRefusal(newerThanOurs(version));
    }
    migrateAtOnce(db, version);
  });
}

/** Applies what comes after `version` to a database that nobody else has open, or within a transaction. */
export function migrateAtOnce(db: Database, version = 0): void {
  for (const [index, { sql, finish }] of MIGRATIONS.entries()) {
    if (index >= version) {
      db.run(sql);
      finish?.(db);
      db.run(`PRAGMA user_version = ${index + 1}`);
    }
  }
}

/** Runs reads on one state of the database. Bun's own `transaction` makes four functions at each call, 4 % of a read. */
export function onOneState<T>(db: Database, read: () => T): T {
  if (db.inTransaction) {
    return read();
  }
  db.query("BEGIN").run();
  try {
    return read();
  } finally {
    db.query("COMMIT").run();
  }
}

/** Runs `body` in a transaction that holds the write lock from its start. */
export function immediately<T>(db: Database, body: () => T): T {
  db.query("BEGIN IMMEDIATE").run();
  try {
    const result = body();
    db.query("COMMIT").run();
    return result;
  } catch (error) {
    if (db.inTransaction) {
      db.run("ROLLBACK");
    }
    throw error;
  }
}

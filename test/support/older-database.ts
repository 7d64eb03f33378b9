import { Database } from "bun:sqlite";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sealRows } from "../../src/store/sqlite/hashes.ts";
import { HASHED_SINCE } from "../../src/store/sqlite/migrate.ts";
import { APPLICATION_ID, SCHEMA_VERSION } from "../../src/store/sqlite/schema.ts";

/** Makes a database as the release of an earlier schema left it; `fill` adds to it before its rows have their hashes. */
export function makeOlderDatabase(path: string, version: number, fill?: (db: Database) => void): void {
  const folder = join(import.meta.dir, "../../src/store/sqlite");
  const migrations = readdirSync(folder)
    .filter((name) => /^\d{4}-.*\.sql$/.test(name))
    .sort();
  if (migrations.length !== SCHEMA_VERSION) {
    throw new Error(`${migrations.length} files of migrations make schema ${SCHEMA_VERSION}`);
  }
  const db = new Database(path, { create: true, strict: true });
  db.run(`PRAGMA application_id = ${APPLICATION_ID}`);
  db.run("PRAGMA journal_mode = WAL");
  for (const name of migrations.slice(0, version)) {
    db.run(readFileSync(join(folder, name), "utf8"));
  }
  fill?.(db);
  if (version >= HASHED_SINCE) {
    sealRows(db);
  }
  db.run(`PRAGMA user_version = ${version}`);
  db.close();
}

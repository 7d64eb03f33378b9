import { Database } from "bun:sqlite";
import { folderOf, resolvePath } from "../../paths.ts";
import { accessTo } from "../access.ts";
import { demandAccess, find, realPath } from "../files.ts";
import { type Store, StoreRefusal } from "../store.ts";
import { remoteRefusal } from "./file-system.ts";
import { readHeader, refusalOf } from "./header.ts";
import { createPresence, type Presence } from "./presence.ts";
import { patiently } from "./retry.ts";
import { APPLICATION_ID, applicationOf, newerThanOurs, SCHEMA_VERSION, schemaVersion } from "./schema.ts";
import type { StoreHost } from "./store.ts";

/** The first SQLite with everything the schema and its queries need; macOS brings its own, which may be older. */
const OLDEST_SQLITE = "3.43.0";

/** A database of ours, of this schema, and whether its files are still where they were when it was opened. */
export interface OpenDatabase {
  db: Database;
  isThere: Presence;
}

/**
 * Opens the database at `path`, creating and migrating it as needed; `warn` is told what is odd about it, but no reason to
 * refuse it. What comes by `import()` here, most starts do without.
 *
 * Throws `StoreRefusal` for a database that is not ours or newer than this executable; such a file is left untouched.
 */
export function openDatabase(path: string, warn: (message: string) => void = () => undefined): Promise<OpenDatabase> {
  return opened(
    path,
    async () => {
      const db = await openMigrated(path, warn);
      // Now that it has been read, and its log is open.
      return await closing(db, async () => ({ db, isThere: createPresence(path) }));
    },
    CREATED,
  );
}

/** The same as a Store. */
export async function openStore(path: string, host: StoreHost): Promise<Store> {
  const opened = await openDatabase(path, (message) => host.onWarning?.(message));
  const { createSqliteStore } = await import("./store.ts");
  return createSqliteStore(opened, host);
}

/** Opens a database of ours as it is, of this schema or an older one. Throws `StoreRefusal`, also where there is none. */
export function openExisting(path: string): Promise<Database> {
  return opened(path, async () => {
    const header = readHeader(path);
    const nothing = header.kind === "absent" || header.kind === "empty" ? "there is no database" : undefined;
    const refusal = nothing ?? refusalOf(header) ?? (await patiently(() => newerInLog(path)));
    if (refusal !== undefined) {
      throw new StoreRefusal(refusal);
    }
    const db = new Database(path, { readwrite: true, create: false, strict: true });
    return await closing(db, () => patiently(() => configure(db)).then(() => db));
  });
}

/** Whether something lies at `path` that is no database of ours, or none any more. */
export function looksForeign(path: string): boolean {
  return readHeader(path).kind === "foreign";
}

async function openMigrated(path: string, warn: (message: string) => void): Promise<Database> {
  if (path !== ":memory:") {
    await makeRoom(path, warn);
  }
  const db = new Database(path, { create: true, strict: true });
  return await closing(db, async () => {
    // Elsewhere it is a part of the executable.
    if (process.platform === "darwin") {
      refuseOldSqlite(db);
    }
    await patiently(() => configure(db));
    if (await patiently(() => applicationOf(db) === APPLICATION_ID && schemaVersion(db) === SCHEMA_VERSION)) {
      await patiently(() => db.run("PRAGMA journal_mode = WAL"));
    } else {
      // What goes through every row is worth compiling: a start is reluctant to (see `scripts/build.ts`).
      Bun.unsafe.setJITPolicy(1);
      const { migrate } = await import("./migrate.ts");
      await migrate(db);
    }
    return db;
  });
}

const CREATED = ", and is created when it does not exist";

/** Whatever goes wrong as a refusal that says what would be accepted. */
async function opened<T>(path: string, open: () => Promise<T>, created = ""): Promise<T> {
  try {
    return await open();
  } catch (error) {
    const [{ quote }, { noRoom }] = await Promise.all([import("../../domain/clean.ts"), import("./storage-error.ts")]);
    const reason = noRoom(error) ?? (error instanceof Error ? error.message : String(error));
    throw new StoreRefusal(
      `Cannot open database ${quote(path)}: ${reason}; ` +
        `another path is accepted, as --db or MCP_TASK_DB_PATH${created}`,
    );
  }
}

/** What follows the opening of `db`, which is closed again when that fails. */
async function closing<T>(db: Database, next: () => Promise<T>): Promise<T> {
  try {
    return await next();
  } catch (error) {
    db.close();
    throw error;
  }
}

/** `folder`, if a `tasks.db` of ours lies in it: a portable install. */
export function holdsOurDatabase(folder: string | undefined): string | undefined {
  try {
    return folder !== undefined && readHeader(resolvePath(folder, "tasks.db")).kind === "ours" ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** Refuses what is not ours before SQLite sees it, and makes the file, readable by its owner alone. */
async function makeRoom(path: string, warn: (message: string) => void): Promise<void> {
  const header = readHeader(path);
  refuse(refusalOf(header));
  if (header.kind === "absent") {
    const { makeFolder } = await import("../folders.ts");
    await makeFolder(folderOf(path));
  }
  const folder = folderOf(header.kind === "absent" ? path : realPath(path));
  refuse(remoteRefusal(folder));
  lookAtAccess(folder, warn);
  if (header.kind === "absent") {
    const { createDatabaseFile } = await import("./create.ts");
    await createDatabaseFile(path);
  }
  if (header.kind === "empty") {
    const { chmodSync } = await import("node:fs");
    chmodSync(path, 0o600);
  }
  const file = realPath(path);
  refuse(remoteRefusal(file));
  // SQLite would only say that it cannot open it; the log and what goes with it are made beside it.
  demandAccess(folder, { folder: true });
  demandAccess(file, { folder: false });
  lookAtAccess(file, warn);
  lookAtAccess(`${file}-wal`, warn);
  refuse(await patiently(() => newerInLog(path)));
}

function refuse(reason: string | undefined): void {
  if (reason !== undefined) {
    throw new StoreRefusal(reason);
  }
}

function lookAtAccess(path: string, warn: (message: string) => void): void {
  const { refusal, warning } = accessTo(path);
  refuse(refusal);
  if (warning !== undefined) {
    warn(warning);
  }
}

/** A newer version may still stand in the write-ahead log alone; a read-only look leaves the file as it is. */
function newerInLog(path: string): string | undefined {
  if ((find(`${path}-wal`)?.size ?? 0) === 0) {
    return undefined;
  }
  const db = new Database(path, { readonly: true });
  try {
    const version = schemaVersion(db);
    return version > SCHEMA_VERSION ? newerThanOurs(version) : undefined;
  } finally {
    db.close();
  }
}

function refuseOldSqlite(db: Database): void {
  const version = db.query<{ version: string }, []>("SELECT sqlite_version() AS version").get()?.version ?? "0";
  if (Bun.semver.order(version, OLDEST_SQLITE) < 0) {
    throw new StoreRefusal(`this system's SQLite is ${version}, older than ${OLDEST_SQLITE}`);
  }
}

/** Durable before fast: an acknowledged write survives a power cut. No `busy_timeout`; see `sqlite/retry.ts`. */
function configure(db: Database): void {
  db.run(
    "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; " +
      "PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864",
  );
  if (process.platform === "darwin") {
    db.run("PRAGMA fullfsync = 1");
    db.run("PRAGMA checkpoint_fullfsync = 1");
  }
}

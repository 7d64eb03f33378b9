import { Database } from "bun:sqlite";
import type { ArtifactFiles } from "../artifacts.ts";
import { placeFile } from "../new-file.ts";
import { OperationRefusal } from "../store.ts";
import { setMetaText } from "./meta.ts";
import { immediately } from "./migrate.ts";
import { patiently } from "./retry.ts";
import { SCHEMA_VERSION, schemaVersion } from "./schema.ts";

/** What was backed up. */
export interface BackedUp {
  tasks: number;
  artifacts: number;
  /** The SHA-256 of artifacts whose bytes are missing or damaged, and so not in the backup. */
  missing: readonly string[];
}

/**
 * Copies a database that servers may be writing to, as it is at one moment, with the bytes of its artifacts, into one
 * file: a database of ours with the table `backup_artifacts`. Every write acknowledged before the call is in it. `at` is
 * remembered as the time of the last backup. Throws `OperationRefusal`, and then leaves nothing behind.
 */
export async function backUp(
  db: Database,
  artifacts: Pick<ArtifactFiles, "read">,
  { path, replace, at }: { path: string; replace: boolean; at: string },
): Promise<BackedUp> {
  let done: BackedUp = { tasks: 0, artifacts: 0, missing: [] };
  await placeFile(path, { replace }, async (draft) => {
    await copyInto(draft, db);
    const copy = new Database(draft, { readwrite: true, create: false, strict: true });
    try {
      done = await addArtifacts(copy, artifacts);
      refuseDamaged(copy);
    } finally {
      copy.close();
    }
  });
  if (schemaVersion(db) === SCHEMA_VERSION) {
    await patiently(() => immediately(db, () => setMetaText(db, "last_backup", at)));
  }
  return done;
}

/** Without SQLite's own sync at the end, of all that it has written: the draft is flushed while it grows, and then synced. */
async function copyInto(draft: string, db: Database): Promise<void> {
  db.run("PRAGMA synchronous = OFF");
  try {
    await patiently(() => db.query("VACUUM INTO ?").run(draft));
  } finally {
    db.run("PRAGMA synchronous = FULL");
  }
}

/** The draft is synced as a whole once it is complete; until then a crash may take it. */
async function addArtifacts(copy: Database, artifacts: Pick<ArtifactFiles, "read">): Promise<BackedUp> {
  copy.run("PRAGMA journal_mode = OFF");
  copy.run("PRAGMA synchronous = OFF");
  copy.run("CREATE TABLE backup_artifacts (sha256 TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT");
  const insert = copy.query("INSERT INTO backup_artifacts (sha256, bytes) VALUES (?, ?)");
  const wanted = copy.query<{ sha256: string; size: number }, []>("SELECT DISTINCT sha256, size FROM artifacts").all();
  const missing: string[] = [];
  for (const artifact of wanted) {
    const read = await artifacts.read(artifact).catch(() => undefined);
    if (read === undefined) {
      missing.push(artifact.sha256);
    } else {
      insert.run(artifact.sha256, read.bytes);
    }
  }
  const tasks = copy.query<{ n: number }, []>("SELECT count(*) AS n FROM tasks").get()?.n ?? 0;
  return { tasks, artifacts: wanted.length - missing.length, missing };
}

function refuseDamaged(copy: Database): void {
  const found = copy.query<{ quick_check: string }, []>("PRAGMA quick_check(1)").get()?.quick_check;
  if (found !== "ok") {
    throw new OperationRefusal(
      `Cannot back up the store: the copy is damaged (${found}); \`mcp-task-server verify\` shows whether the store is, too`,
    );
  }
}

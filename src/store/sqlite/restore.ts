import { Database } from "bun:sqlite";
import { copyFile, mkdir, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { quote } from "../../domain/clean.ts";
import type { ArtifactFiles, ArtifactFolder } from "../artifacts.ts";
import { draftOf, removeDraft, syncFile, syncFolder } from "../new-file.ts";
import { OperationRefusal } from "../store.ts";
import { artifactsOfBackup } from "./backup-artifacts.ts";
import { immediately, migrateAtOnce } from "./migrate.ts";
import { openExisting } from "./open.ts";
import { keepStricter, type RestoredTokens } from "./restore-tokens.ts";
import { schemaVersion } from "./schema.ts";
import { rebuildSearch } from "./search-index.ts";
import { seize } from "./seize.ts";
import { type Verified, verifyDatabase } from "./verify.ts";
import { verifyArtifacts } from "./verify-artifacts.ts";

/** What was restored. */
export interface Restored {
  tasks: number;
  artifacts: number;
  tokens: RestoredTokens;
}

/**
 * Puts a backup in the place of the database at `path`, and its artifacts into the folder: checked before, all or nothing,
 * durable when it answers. Tokens are as strict as those of the database that was there. Throws `OperationRefusal` where the backup is not sound, where a server has the database open,
 * and, without `force`, where there are tasks already.
 */
export async function restore(
  backup: string,
  { path, artifacts, force }: { path: string; artifacts: ArtifactFolder; force: boolean },
): Promise<Restored> {
  await (await openExisting(backup).catch((error) => refuse(backup, error))).close();
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = draftOf(path);
  const added: string[] = [];
  try {
    // Looking at the seat early saves the work; what counts is the look after it.
    seize(path, force).release();
    await copyFile(backup, draft);
    const restored = await unpack(draft, backup, artifacts, added);
    await syncFile(draft);
    const seat = seize(path, force);
    let tokens: RestoredTokens;
    try {
      tokens = keepStricter(draft, seat.tokens);
      await syncFile(draft);
      await seat.clear();
      await rename(draft, path);
      seat.condemn();
    } finally {
      seat.release();
    }
    added.length = 0;
    await syncFolder(dirname(path));
    return { ...restored, tokens };
  } finally {
    await removeDraft(draft);
    for (const sha256 of added) {
      await artifacts.remove(sha256);
    }
  }
}

/** Checks the copy of a backup, moves its artifacts into their folder, and leaves a database as servers use it. */
async function unpack(draft: string, backup: string, folder: ArtifactFolder, added: string[]) {
  const db = new Database(draft, { readwrite: true, create: false, strict: true });
  try {
    const files = artifactsOfBackup(db);
    if (files === undefined) {
      throw new OperationRefusal(
        `Cannot restore ${quote(backup)}: it is a database without the bytes of its artifacts; ` +
          "a file made by `mcp-task-server backup` is accepted",
      );
    }
    const verified = await verifyDatabase(db, draft);
    const count = await verifyArtifacts(db, files, verified);
    refuseDamaged(backup, verified);
    await moveArtifacts(db, files, folder, added);
    db.run("PRAGMA journal_mode = OFF");
    db.run("PRAGMA synchronous = OFF");
    db.run("DROP TABLE backup_artifacts");
    // Older schemas have no room for the tokens of now.
    immediately(db, () => migrateAtOnce(db, schemaVersion(db)));
    // Derived, and so without hashes.
    rebuildSearch(db);
    db.run("VACUUM");
    const tasks = db.query<{ n: number }, []>("SELECT count(*) AS n FROM tasks").get()?.n ?? 0;
    return { tasks, artifacts: count };
  } finally {
    db.close();
  }
}

async function moveArtifacts(db: Database, files: ArtifactFiles, folder: ArtifactFolder, added: string[]) {
  const present = new Set((await folder.list()).map(({ sha256 }) => sha256));
  const wanted = db.query<{ sha256: string; size: number }, []>("SELECT DISTINCT sha256, size FROM artifacts").all();
  for (const artifact of wanted) {
    if (!present.has(artifact.sha256)) {
      added.push(artifact.sha256);
    }
    await folder.keep((await files.read(artifact)).bytes);
  }
}

function refuseDamaged(backup: string, { damages }: Verified): void {
  const [first] = damages;
  if (first !== undefined) {
    throw new OperationRefusal(
      `Cannot restore ${quote(backup)}: it is damaged (${first}${damages.length > 1 ? `, and ${damages.length - 1} more` : ""}); ` +
        "a sound backup is accepted: `mcp-task-server verify <file>` shows all that is wrong with this one",
    );
  }
}

function refuse(backup: string, error: unknown): never {
  const reason =
    error instanceof Error ? (/: (.*); another path is accepted/s.exec(error.message)?.[1] ?? error.message) : "";
  throw new OperationRefusal(
    `Cannot restore ${quote(backup)}: ${reason}; a file made by \`mcp-task-server backup\` is accepted`,
  );
}

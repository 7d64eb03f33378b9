import type { Database } from "bun:sqlite";
import type { ArtifactFiles } from "../artifacts.ts";
import type { Verified } from "./verify.ts";

/** Compares the bytes of every artifact with what is known of it; `verified` is told. Answers how many were compared. */
export async function verifyArtifacts(db: Database, files: ArtifactFiles, verified: Verified): Promise<number> {
  // Before the rows: what is attached meanwhile is no orphan.
  const kept = await files.list();
  const known = new Set<string>();
  let read: { sha256: string; size: number; name: string }[] = [];
  try {
    read = db
      .query<(typeof read)[number], []>("SELECT sha256, size, min(name) AS name FROM artifacts GROUP BY sha256, size")
      .all();
  } catch {
    // That they cannot be read has been told.
    return 0;
  }
  for (const { sha256, size, name } of read) {
    known.add(sha256);
    const flaw = await flawOf(files, sha256, size);
    // Forgotten since the rows were read?
    if (flaw !== undefined && isKnown(db, sha256)) {
      verified.damages.push(`artifact ${sha256} (${JSON.stringify(name)}): ${flaw}`);
    }
  }
  for (const { path, sha256 } of kept) {
    if (sha256 === undefined || !known.has(sha256)) {
      verified.notes.push(`${path}: of no artifact, left by a write that was cut short or refused; it may be deleted`);
    }
  }
  return known.size;
}

async function flawOf(files: ArtifactFiles, sha256: string, size: number): Promise<string | undefined> {
  try {
    await files.read({ sha256, size });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function isKnown(db: Database, sha256: string): boolean {
  return db.query("SELECT 1 FROM artifacts WHERE sha256 = ? LIMIT 1").get(sha256) !== null;
}

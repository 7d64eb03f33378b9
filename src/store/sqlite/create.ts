import { Database } from "bun:sqlite";
import { constants } from "node:fs";
import { copyFile, link, open, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf } from "../error-code.ts";
import { draftOf, syncFolder } from "../new-file.ts";
import { APPLICATION_ID } from "./schema.ts";

/** Offsets 18 and 19 of a database file, where 2 stands for WAL: https://www.sqlite.org/fileformat.html, section 1.3. */
const VERSIONS = { from: 18, to: 20, wal: 2 };

/**
 * Makes an empty database of ours where there is none, readable by its owner alone, at once and durably: after a kill or a
 * power cut there is one that is known as ours, or none. Of several processes that do so one succeeds, and all find its file.
 */
export async function createDatabaseFile(path: string): Promise<void> {
  const draft = draftOf(path);
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(emptyDatabase());
    await file.sync();
    await giveName(draft, path);
  } finally {
    await file.close();
    await unlink(draft);
  }
  await syncFolder(dirname(path));
}

function emptyDatabase(): Buffer {
  const db = new Database(":memory:");
  try {
    db.run(`PRAGMA application_id = ${APPLICATION_ID}`);
    return db.serialize().fill(VERSIONS.wal, VERSIONS.from, VERSIONS.to);
  } finally {
    db.close();
  }
}

/** A link never replaces what another process put there meanwhile, nor does a copy, where a file system has no links. */
async function giveName(draft: string, path: string): Promise<void> {
  const isThere = (error: unknown) => codeOf(error) === "EEXIST";
  try {
    await link(draft, path);
  } catch (error) {
    if (!isThere(error)) {
      await copyFile(draft, path, constants.COPYFILE_EXCL).catch((second) => {
        if (!isThere(second)) {
          throw second;
        }
      });
    }
  }
}

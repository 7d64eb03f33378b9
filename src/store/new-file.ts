import { chmod, link, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { quote } from "../domain/clean.ts";
import { codeOf } from "./error-code.ts";
import { flushedMeanwhile } from "./flush.ts";
import { OperationRefusal } from "./store.ts";

/**
 * Makes a file, readable by its owner alone, durably and at once: `write` fills a draft beside it, which is synced and
 * then given the name. What is there already is replaced only with `replace`. Throws `OperationRefusal`; no draft is left.
 */
export async function placeFile(
  path: string,
  { replace }: { replace: boolean },
  write: (draft: string) => Promise<void>,
): Promise<void> {
  const draft = draftOf(path);
  try {
    if (!replace && (await exists(path))) {
      throw new OperationRefusal(taken(path));
    }
    const file = await open(draft, "wx", 0o600);
    await file.close();
    await flushedMeanwhile(draft, () => write(draft));
    await syncFile(draft);
    await (replace ? rename(draft, path) : giveFreeName(draft, path));
    await syncFolder(dirname(path));
  } catch (error) {
    throw error instanceof OperationRefusal ? error : cannotWrite(path, error);
  } finally {
    await removeDraft(draft);
  }
}

/** A name beside `path` that nobody else has. */
export function draftOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.part`);
}

/** Removes a draft, if it is still there, and what SQLite may have made beside it. */
export async function removeDraft(draft: string): Promise<void> {
  for (const suffix of ["", "-journal", "-wal", "-shm"]) {
    await rm(draft + suffix, { force: true });
  }
}

/** What was written to a file survives a power cut from here on. */
export async function syncFile(path: string): Promise<void> {
  await chmod(path, 0o600);
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The names in a folder survive a power cut from here on. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") {
    return;
  }
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A link, unlike a renaming, never replaces what another process put there meanwhile; not every file system has them. */
async function giveFreeName(draft: string, path: string): Promise<void> {
  try {
    await link(draft, path);
  } catch (error) {
    if (codeOf(error) === "EEXIST") {
      throw new OperationRefusal(taken(path));
    }
    await rename(draft, path);
  }
}

async function exists(path: string): Promise<boolean> {
  return Bun.file(path)
    .stat()
    .then(() => true)
    .catch((error) => codeOf(error) !== "ENOENT");
}

const taken = (path: string) =>
  `Cannot write ${quote(path)}: there is a file already; another name is accepted, or --force`;

function cannotWrite(path: string, error: unknown): unknown {
  const code = codeOf(error);
  const reason = REASONS[code] ?? (/^E[A-Z]+$/.test(code) ? code : undefined);
  return reason === undefined
    ? error
    : new OperationRefusal(`Cannot write ${quote(path)}: ${reason}; a name in a folder with room for it is accepted`);
}

const full = "the disk or quota is full";
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "its folder does not exist",
  ENOTDIR: "its folder is none",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "its file system is read-only",
  EISDIR: "it is a folder",
  ENOSPC: full,
  EDQUOT: full,
  EFBIG: full,
  SQLITE_FULL: full,
  SQLITE_IOERR_WRITE: full,
};

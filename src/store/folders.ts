import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf } from "./error-code.ts";
import { syncFolder } from "./new-file.ts";

/** The system could not make something durable; the cause is its error. */
export class Unsynced extends Error {}

/** Of what fsync(2) may say, what tells that something is not on the disk. */
const FAILED = /^(EIO|ENOSPC|EDQUOT)$/;
/** What says that a folder above is not ours to sync: then nobody of us has made it. */
const NOT_OURS = /^(EACCES|EPERM|EINVAL|EROFS)$/;

/**
 * Makes a folder, for its owner alone, and its name and those of all above it durable: another process may have made some
 * of them a moment ago, and not have come that far. Throws `Unsynced`.
 */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (let above = dirname(folder); ; above = dirname(above)) {
    try {
      await durably(() => syncFolder(above));
    } catch (error) {
      if (!NOT_OURS.test(codeOf(error))) {
        throw error;
      }
    }
    if (above === dirname(above)) {
      return;
    }
  }
}

/** Runs what syncs something. Throws `Unsynced` when that is not durable. */
export async function durably(sync: () => Promise<void>): Promise<void> {
  try {
    await sync();
  } catch (cause) {
    throw FAILED.test(codeOf(cause)) ? new Unsynced("fsync failed", { cause }) : cause;
  }
}

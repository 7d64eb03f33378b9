import { constants } from "node:fs";
import { access, mkdir, open, readdir, rename, rm, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { TaskError } from "../domain/errors.ts";
import { discard, putBack, touch } from "./artifact-age.ts";
import { readVerified } from "./artifact-bytes.ts";
import { type ArtifactFolder, DamagedArtifact, hashOf } from "./artifacts.ts";
import { draftOf, forgetDraft, removeLeftDrafts } from "./drafts.ts";
import { codeOf } from "./error-code.ts";
import { durably, makeFolder, Unsynced } from "./folders.ts";
import { syncFolder } from "./new-file.ts";

/**
 * Artifacts as files `<folder>/<first two digits>/<sha256>`; missing folders are made, for their owner alone. With the
 * first artifact, drafts that killed processes left are removed.
 *
 * `onUnsynced` is told, before the writer has its refusal, that bytes or names could not be made durable: a later try
 * could be told that they are without having been written.
 */
export function openArtifactFolder(
  folder: string,
  onUnsynced: (error: unknown) => void = () => undefined,
): ArtifactFolder {
  const pathOf = (sha256: string) => join(folder, sha256.slice(0, 2), sha256);
  const discardedFrom = new Set<string>();
  let prepared: Promise<void> | undefined;
  /** What is done with the first artifact. */
  const prepare = async () => {
    await makeFolder(folder);
    // In nobody's way: what cannot be removed now is for a later start.
    void removeLeftDrafts(folder).catch(() => undefined);
  };
  return {
    async keep(bytes) {
      const sha256 = hashOf(bytes);
      const path = pathOf(sha256);
      try {
        prepared ??= prepare();
        await prepared;
        const kept = (await isSound(path, { sha256, size: bytes.length })) && (await touch(path));
        if (!kept) {
          await place(path, bytes);
        }
        // Also for bytes that were there: another process may have put them there a moment ago.
        await durably(() => syncFolder(dirname(path)));
        await durably(() => syncFolder(folder));
      } catch (error) {
        prepared = undefined;
        if (error instanceof Unsynced) {
          onUnsynced(error.cause);
        }
        throw asStorageError(error);
      }
      return sha256;
    },
    read: ({ sha256, size }, range) => readVerified(pathOf(sha256), { sha256, size }, range),
    async list() {
      await putBack(folder);
      const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
      return entries
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => {
          const path = join(parentPath, name);
          return { path, sha256: /^[0-9a-f]{64}$/.test(name) && path === pathOf(name) ? name : undefined };
        });
    },
    async remove(sha256) {
      await rm(pathOf(sha256), { force: true });
      await syncFolder(dirname(pathOf(sha256))).catch(() => undefined);
    },
    async discard(sha256, before, dryRun) {
      const found = await discard(pathOf(sha256), before, dryRun);
      if (typeof found === "number") {
        discardedFrom.add(dirname(pathOf(sha256)));
      }
      return found;
    },
    async settle() {
      for (const name of discardedFrom) {
        await syncFolder(name).catch(() => undefined);
      }
      discardedFrom.clear();
    },
    async probe() {
      await makeFolder(folder);
      await access(folder, constants.W_OK | constants.X_OK);
    },
  };
}

async function isSound(path: string, expected: { sha256: string; size: number }): Promise<boolean> {
  try {
    await readVerified(path, expected, { offset: 0, length: 0 });
    return true;
  } catch (error) {
    if (error instanceof DamagedArtifact) {
      return false;
    }
    throw error;
  }
}

/** Under another name first, synced, then renamed: the name never stands for half a file. */
async function place(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = draftOf(path);
  try {
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(bytes);
      await durably(() => file.sync());
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  } finally {
    forgetDraft(draft);
  }
}

function asStorageError(error: unknown): unknown {
  if (error instanceof Unsynced) {
    return new TaskError(
      "internal",
      "Cannot keep artifact: the system could not make it durable; this server ends now, and the same call is accepted " +
        "once it is restarted",
    );
  }
  const code = codeOf(error);
  if (code === "EACCES" || code === "EROFS" || code === "ENOTDIR" || code === "EPERM") {
    return new TaskError(
      "forbidden",
      `Cannot keep artifact: the server may not write to its artifacts folder (${code}); ` +
        "a person has to mend that, until then save_checkpoint holds text",
    );
  }
  return code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG"
    ? new TaskError(
        "storage_full",
        "Cannot keep artifact: the disk or quota is full; the same call is accepted once there is room",
      )
    : error;
}

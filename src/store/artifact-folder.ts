import { constants } from "node:fs";
import { access, mkdir, open, readdir, rename, rm, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { TaskError } from "../domain/errors.ts";
import { readVerified } from "./artifact-bytes.ts";
import { type ArtifactFolder, DamagedArtifact, hashOf } from "./artifacts.ts";
import { syncFolder } from "./new-file.ts";

/** Artifacts as files `<folder>/<first two digits>/<sha256>`; missing folders are made, for their owner alone. */
export function openArtifactFolder(folder: string): ArtifactFolder {
  const pathOf = (sha256: string) => join(folder, sha256.slice(0, 2), sha256);
  return {
    async keep(bytes) {
      const sha256 = hashOf(bytes);
      const path = pathOf(sha256);
      try {
        const sound = await isSound(path, { sha256, size: bytes.length });
        const made = sound ? undefined : await place(path, bytes);
        // Also for bytes that were there: another process may have put them there a moment ago.
        await syncFolders(dirname(path), made === undefined ? folder : dirname(made));
      } catch (error) {
        throw asStorageError(error);
      }
      return sha256;
    },
    read: ({ sha256, size }, range) => readVerified(pathOf(sha256), { sha256, size }, range),
    async list() {
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
    async probe() {
      await mkdir(folder, { recursive: true, mode: 0o700 });
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

/**
 * Under another name first, synced, then renamed: the name never stands for half a file. Answers the topmost folder that
 * had to be made.
 */
async function place(path: string, bytes: Uint8Array): Promise<string | undefined> {
  const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${crypto.randomUUID()}.part`;
  try {
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
  return made;
}

/** Makes the names in a folder durable, and in those above it as far as `top`. */
async function syncFolders(folder: string, top: string): Promise<void> {
  await syncFolder(folder);
  if (folder.length > top.length) {
    await syncFolders(dirname(folder), top);
  }
}

function asStorageError(error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
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

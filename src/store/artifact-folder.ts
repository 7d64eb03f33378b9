import { constants } from "node:fs";
import { access, mkdir, open, rename, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { TaskError } from "../domain/errors.ts";
import type { Artifacts } from "./artifacts.ts";

/** Artifacts as files `<folder>/<first two digits>/<sha256>`; missing folders are made, for their owner alone. */
export function openArtifactFolder(folder: string): Artifacts {
  const pathOf = (sha256: string) => join(folder, sha256.slice(0, 2), sha256);
  return {
    async keep(bytes) {
      const sha256 = hashOf(bytes);
      const path = pathOf(sha256);
      const known = await stat(path).catch(() => undefined);
      if (known?.size !== bytes.length) {
        await placeDurably(path, bytes).catch((error) => {
          throw asStorageError(error);
        });
      }
      return sha256;
    },
    async read(sha256) {
      const bytes = await Bun.file(pathOf(sha256)).bytes();
      if (hashOf(bytes) !== sha256) {
        throw new Error(`the artifact ${sha256} is damaged: its bytes have another hash`);
      }
      return bytes;
    },
    async probe() {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await access(folder, constants.W_OK | constants.X_OK);
    },
  };
}

function hashOf(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

/** Under another name first, synced, renamed, the folder synced: the name never stands for half a file. */
async function placeDurably(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
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
  await syncFolder(dirname(path));
  await syncFolder(dirname(dirname(path)));
}

async function syncFolder(folder: string): Promise<void> {
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

import { link, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "./error-code.ts";

const ASIDE = ".aside";

/** Notes that bytes were kept again; false where they have gone meanwhile. A file's time is when its bytes were last kept. */
export async function touch(path: string): Promise<boolean> {
  const now = new Date();
  return unlessMissing(async () => {
    await utimes(path, now, now);
    return true;
  }, false);
}

/**
 * Removes a file unless its bytes were kept since `before`. It is put aside first and looked at there: who keeps the same bytes
 * meanwhile either has noted that before, and it is put back, or finds them missing, and writes them anew.
 */
export function discard(path: string, before: number, dryRun: boolean): Promise<number | "young" | undefined> {
  return unlessMissing(async () => {
    const { mtimeMs, size } = await stat(path);
    if (mtimeMs >= before) {
      return "young";
    }
    if (dryRun) {
      return size;
    }
    const aside = `${path}.${crypto.randomUUID()}${ASIDE}`;
    await rename(path, aside);
    if ((await stat(aside)).mtimeMs >= before) {
      await restore(aside);
      return "young";
    }
    await rm(aside, { force: true });
    return size;
  }, undefined);
}

/** Puts back what was left aside by a process that was killed. */
export async function putBack(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const { parentPath, name } of entries.filter((entry) => entry.name.endsWith(ASIDE))) {
    await restore(join(parentPath, name));
  }
}

/** Under its name again, unless the bytes are there already. */
async function restore(aside: string): Promise<void> {
  const path = aside.replace(/\.[^.]+\.aside$/, "");
  await link(aside, path).catch((error) => {
    if (!/^(EEXIST|ENOENT)$/.test(codeOf(error))) {
      throw error;
    }
  });
  await rm(aside, { force: true });
}

async function unlessMissing<T>(act: () => Promise<T>, missing: T): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (codeOf(error) === "ENOENT") {
      return missing;
    }
    throw error;
  }
}

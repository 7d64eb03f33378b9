import type { Database } from "bun:sqlite";
import type { ArtifactFolder } from "../artifacts.ts";
import { patiently } from "./retry.ts";

/** What became of bytes that no task has. */
export interface Swept {
  /** Files that went, and their bytes. */
  files: number;
  bytes: number;
  /** Files that no task has either, but that are too young to be sure. */
  young: number;
}

/** What may go. */
export interface Sweeping {
  /** Removes nothing, and tells what would be removed. */
  dryRun: boolean;
  /** Bytes kept after this time, in milliseconds since the epoch, may be about to be referenced: they stay. */
  keptBefore: number;
}

/** Bytes that were kept within this time may be about to be referenced, by an import too, in milliseconds. */
export const YOUNG_MS = 3_600_000;

/** Looks whether any task has these bytes. */
export function isReferenced(db: Database): (sha256: string) => boolean {
  const has = db.query<object, [string]>("SELECT 1 FROM artifacts WHERE sha256 = ? LIMIT 1");
  return (sha256) => has.get(sha256) !== null;
}

/** Removes the bytes that no task has, whoever left them. */
export async function sweepBytes(
  artifacts: ArtifactFolder,
  used: (sha256: string) => boolean,
  sweeping: Sweeping,
): Promise<Swept> {
  const swept = { files: 0, bytes: 0, young: 0 };
  for (const { sha256 } of await artifacts.list()) {
    const found = sha256 === undefined ? undefined : await discardUnused(artifacts, sha256, used, sweeping);
    swept.young += found === "young" ? 1 : 0;
    swept.files += typeof found === "number" ? 1 : 0;
    swept.bytes += typeof found === "number" ? found : 0;
  }
  await artifacts.settle();
  return swept;
}

/** Removes bytes unless a task has them, or may be about to: answers how many they were, `young`, or nothing. */
export async function discardUnused(
  artifacts: ArtifactFolder,
  sha256: string,
  used: (sha256: string) => boolean,
  { keptBefore, dryRun }: Sweeping,
): Promise<number | "young" | undefined> {
  return (await patiently(() => used(sha256))) ? undefined : artifacts.discard(sha256, keptBefore, dryRun);
}

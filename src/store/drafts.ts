import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { readdir, stat, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { codeOf } from "./error-code.ts";

/** `<what>.<writer>.<once>.part`; before writers were named, `<what>.<once>.part`. */
const DRAFT = /^[0-9a-f]{64}\.(?:([0-9a-f]{12})-(\d+)\.)?[0-9a-f-]{36}\.part$/;

/** A writer that cannot be asked whether it lives is given up so long after it wrote, in milliseconds. */
const GIVEN_UP_MS = 3_600_000;

/** The drafts this process is writing. */
const mine = new Set<string>();

/** A name for a file that becomes `path` once it is whole; it tells who is writing it. */
export function draftOf(path: string): string {
  const draft = `${path}.${scope()}-${process.pid}.${crypto.randomUUID()}.part`;
  mine.add(draft);
  return draft;
}

/** The draft is there no more. */
export function forgetDraft(draft: string): void {
  mine.delete(draft);
}

/**
 * Removes the drafts below `folder` that nobody is writing any more: their process was killed. One of another machine,
 * boot or container cannot be asked, and is given an hour.
 */
export async function removeLeftDrafts(folder: string): Promise<void> {
  const now = performance.timeOrigin + performance.now();
  for (const shelf of await readdir(folder)) {
    for (const name of /^[0-9a-f]{2}$/.test(shelf) ? await readdir(join(folder, shelf)) : []) {
      const [match, writer, pid] = DRAFT.exec(name) ?? [];
      const path = join(folder, shelf, name);
      if (match === undefined || mine.has(path)) {
        continue;
      }
      const abandoned = writer === scope() ? !isAlive(Number(pid)) : (await stat(path)).mtimeMs < now - GIVEN_UP_MS;
      if (abandoned) {
        await unlink(path);
      }
    }
  }
}

let known: string | undefined;

/** Where process ids mean the same: a boot of a machine, and on Linux a namespace of ids, of which each container has its own. */
function scope(): string {
  known ??= createHash("sha256").update(`${hostname()} ${bootAndNamespace()}`).digest("hex").slice(0, 12);
  return known;
}

function bootAndNamespace(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8") + readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

/** Whether a process other than this one has this id. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) {
    // Not among ours, so of a process that had our id before.
    return false;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}

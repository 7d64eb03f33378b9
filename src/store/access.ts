import { find } from "./files.ts";

const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;

/** What a person should know of who else may write to a file or folder of ours. */
export interface Access {
  /** Why it must not be used. */
  refusal?: string;
  /** Why it had better not be used. */
  warning?: string;
}

/**
 * Who may write to what lies at `path`, if anything does. What every user may write is refused, the sticky bit or not: with
 * it, others may still lay a log or journal of theirs beside a database, which SQLite would take for its own.
 */
export function accessTo(path: string): Access {
  const found = process.platform === "win32" ? undefined : find(path);
  if (found === undefined) {
    return {};
  }
  if ((found.mode & OTHERS_WRITE) !== 0) {
    return { refusal: `every user of this machine may write to ${path} (\`chmod o-w\` mends that)` };
  }
  if ((found.mode & GROUP_WRITES) !== 0) {
    return { warning: `a whole group may write to ${path} (\`chmod g-w\` mends that)` };
  }
  // Root may write everywhere anyway.
  return found.uid === 0 || found.uid === process.geteuid?.()
    ? {}
    : { warning: `${path} belongs to another user (id ${found.uid}), who may write to it` };
}

import { find, realPath } from "../files.ts";

/** Whether the files of a database are still where they were. */
export type Presence = () => boolean;

/** Tells whether the files that are open now, database and log, still stand where they did. */
export function createPresence(path: string): Presence {
  if (path === ":memory:") {
    return () => true;
  }
  // Of a link, SQLite keeps the log beside what it points to.
  const log = `${realPath(path)}-wal`;
  const [file, logFile] = [identityOf(path), identityOf(log)];
  return () => {
    try {
      return identityOf(path) === file && identityOf(log) === logFile;
    } catch {
      // A folder that may not be entered any more says nothing of the files that are open.
      return true;
    }
  };
}

function identityOf(path: string): string | undefined {
  return find(path)?.identity;
}

import { realpathSync, watch } from "node:fs";
import { basename, dirname } from "node:path";

/**
 * Calls `onEvent` when the database's file or log may have been written, until the answered function is called.
 *
 * Watched is the folder, as SQLite makes the log anew, and where the database itself lies if `databasePath` is a link
 * to it. Where nothing can be watched (in memory, no watches left) or events do not arrive (a network folder), it stays
 * silent: whoever needs to know looks from time to time as well.
 */
export function watchFiles(databasePath: string, onEvent: () => void): () => void {
  try {
    const file = realpathSync(databasePath);
    const names: readonly (string | null)[] = [basename(file), `${basename(file)}-wal`, null];
    const watcher = watch(dirname(file), { persistent: false }, (_, name) => {
      if (names.includes(name)) {
        onEvent();
      }
    });
    watcher.on("error", () => watcher.close());
    return () => watcher.close();
  } catch {
    return () => undefined;
  }
}

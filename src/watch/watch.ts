import type { TaskChange } from "../store/store.ts";
import { type ChangeSource, type Following, follow } from "./follow.ts";

/** Tells what any process on the database changes. It costs nothing while nobody listens. */
export interface Watch {
  /**
   * Calls `listener` for each later change, once and in the order of commits, until the answered function is called.
   * One that joins others may also be told what was committed just before. What it throws concerns nobody else.
   */
  on(listener: (change: TaskChange) => void): () => void;
  /** Looks at once rather than within `pollMs`: to be called after each commit of this process. */
  poke(): void;
  /** Forgets every listener; to be called before the store is closed. */
  close(): void;
}

export interface WatchOptions {
  /** Told what a listener throws, and why changes cannot be read. */
  onError?: (message: string, error: unknown) => void;
  /** How late a change is told at worst, where no file event tells of it, in milliseconds. */
  pollMs?: number;
}

/** A watch on the database that `source` reads and that lies at `databasePath`. */
export function createWatch(
  source: ChangeSource,
  databasePath: string,
  { onError = () => undefined, pollMs = 75 }: WatchOptions = {},
): Watch {
  const listeners = new Set<{ listener(change: TaskChange): void }>();
  let following: Following | undefined;
  const tell = (change: TaskChange) => {
    for (const entry of [...listeners]) {
      try {
        // Another listener may have ended it just now.
        if (listeners.has(entry)) {
          entry.listener(change);
        }
      } catch (error) {
        onError("a listener to changes failed", error);
      }
    }
  };
  const stopWhenAlone = () => {
    if (listeners.size === 0) {
      following?.stop();
      following = undefined;
    }
  };
  return {
    on(listener) {
      const entry = { listener };
      listeners.add(entry);
      following ??= follow(source, { databasePath, pollMs, tell, onError });
      return () => {
        listeners.delete(entry);
        stopWhenAlone();
      };
    },
    poke: () => following?.poke(),
    close() {
      listeners.clear();
      stopWhenAlone();
    },
  };
}

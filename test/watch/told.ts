import { join } from "node:path";
import { createClock } from "../../src/clock.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import type { Store, TaskChange } from "../../src/store/store.ts";
import { temporaryFolder } from "../support/folder.ts";

/** No file event and no poll within the time of any test: what is told then, something else has prompted. */
export const NO_POLL = { pollMs: 3_600_000 };

/** A path where nothing can be watched. */
export const NOWHERE = "/nowhere/tasks.db";

/** Where a new database may be made. */
export function freshPath(): string {
  return join(temporaryFolder(), "tasks.db");
}

/** A store on the database at `path`. */
export async function openAt(path: string, onCommit: () => void = () => undefined): Promise<Store> {
  return openStore(path, { now: createClock(), onOutdated: () => undefined, onCommit });
}

/** A listener that keeps what it is told. */
export function createEar() {
  const told: TaskChange[] = [];
  let check = (): void => undefined;
  return {
    told,
    listener(change: TaskChange): void {
      told.push(change);
      check();
    },
    /** Resolves once so many changes have been told. */
    heard: (count: number) =>
      new Promise<void>((resolve) => {
        check = () => {
          if (told.length >= count) {
            resolve();
          }
        };
        check();
      }),
  };
}

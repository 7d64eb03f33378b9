import type { Database } from "bun:sqlite";
import type { Instant } from "../../domain/instant.ts";
import type { Store } from "../store.ts";
import { lapsedWithin, secondsToLapse } from "./next.ts";
import { agentsLike, changeRows, isNewer, latestSeq, taskIdsLike, taskRow } from "./queries.ts";
import { toTask } from "./rows.ts";

/** The reads of a store that are one statement or two, without pages. */
type ShortReads = Pick<
  Store,
  "peek" | "changedSince" | "changesSince" | "latestChange" | "secondsToLapse" | "lapsedWithin" | "taskIds" | "agents"
>;

/** How the store runs what reads. */
export type Read = <T>(query: () => T) => Promise<T>;

/** Short reads of a migrated database. Those that follow the changes wait for no write: they tell what stands. */
export function createShortReads(
  db: Database,
  now: () => Instant,
  { read, readAtOnce }: { read: Read; readAtOnce: Read },
): ShortReads {
  return {
    peek: (task_id) =>
      read(() => {
        const row = taskRow(db, task_id);
        return row === undefined ? undefined : toTask(row, now());
      }),
    changesSince: (seq, limit) =>
      readAtOnce(() => changeRows(db, seq, limit).map((row) => ({ ...row, created: row.version === 1 }))),
    changedSince(seq) {
      try {
        return isNewer(db, seq);
      } catch {
        // Busy, or worse: `changesSince` waits, or tells.
        return true;
      }
    },
    latestChange: () => readAtOnce(() => latestSeq(db)),
    secondsToLapse: () => readAtOnce(() => secondsToLapse(db, now())),
    lapsedWithin: (seconds) => readAtOnce(() => lapsedWithin(db, seconds, now())),
    taskIds: (prefix, limit) => read(() => taskIdsLike(db, prefix, limit)),
    agents: (prefix, limit) => read(() => agentsLike(db, prefix, limit)),
  };
}

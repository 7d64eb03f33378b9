import type { Database } from "bun:sqlite";
import type { Instant } from "../../domain/instant.ts";
import type { Store } from "../store.ts";
import { lapsedWithin, secondsToLapse } from "./next.ts";
import { agentsLike, changeRows, latestSeq, taskIdsLike, taskRow } from "./queries.ts";
import { patiently } from "./retry.ts";
import { toTask } from "./rows.ts";

/** The reads of a store that are one statement or two, without pages. */
type ShortReads = Pick<
  Store,
  "peek" | "changesSince" | "latestChange" | "secondsToLapse" | "lapsedWithin" | "taskIds" | "agents"
>;

/** Short reads of a migrated database. */
export function createShortReads(db: Database, now: () => Instant): ShortReads {
  return {
    peek: (task_id) =>
      patiently(() => {
        const row = taskRow(db, task_id);
        return row === undefined ? undefined : toTask(row, now());
      }),
    changesSince: (seq, limit) =>
      patiently(() => changeRows(db, seq, limit).map((row) => ({ ...row, created: row.version === 1 }))),
    latestChange: () => patiently(() => latestSeq(db)),
    secondsToLapse: () => patiently(() => secondsToLapse(db, now())),
    lapsedWithin: (seconds) => patiently(() => lapsedWithin(db, seconds, now())),
    taskIds: (prefix, limit) => patiently(() => taskIdsLike(db, prefix, limit)),
    agents: (prefix, limit) => patiently(() => agentsLike(db, prefix, limit)),
  };
}

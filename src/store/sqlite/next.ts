import type { Database } from "bun:sqlite";
import { agentKey } from "../../domain/agent.ts";
import { type Instant, timestamp } from "../../domain/instant.ts";
import { PASSED, passedBy } from "./queries.ts";
import type { TaskRow } from "./rows.ts";

/** Whom a task is looked for, and where. */
export interface Seeker {
  agent: string;
  /** `*` for anywhere; without it only offers addressed to the agent count. */
  repo_path?: string | undefined;
}

/** Of tasks whose lease or offer has run out, so many that did so first are considered. */
const LAPSED_CONSIDERED = 100;

const ADDRESSED = `SELECT * FROM tasks WHERE status = 'handoff_ready' AND owner_key = ? AND NOT ${PASSED}
  ORDER BY priority, id LIMIT 1`;

/** What nobody owns; nothing that the agent itself let go of, unless its limit has been reset since. */
const UNOWNED = `status = ? AND owner_key IS NULL
  AND (let_go_key IS NOT ? OR (status = 'agent_exhausted' AND exhausted ->> 'resets_at' <= ?))
  ORDER BY priority, id LIMIT 1`;
const FREE = {
  anywhere: `SELECT * FROM tasks WHERE ${UNOWNED}`,
  inRepo: `SELECT * FROM tasks WHERE repo_path = ? AND ${UNOWNED}`,
};

/** Each reads a range of the index by deadline: those of this boot by its uptime, those of other boots by the wall clock. */
const LAPSED = [
  "deadline_boot = $boot AND deadline_uptime <= $uptime - 1",
  "deadline_boot IS NULL AND deadline_at + 1000 <= $wall",
  "deadline_boot < $boot AND deadline_at + 1000 <= $wall",
  "deadline_boot > $boot AND deadline_at + 1000 <= $wall",
].map(
  (range) => `SELECT * FROM tasks WHERE status = $status AND deadline_at IS NOT NULL AND ${range}
    AND ($repo = '*' OR repo_path = $repo) AND let_go_key IS NOT $agent LIMIT ${LAPSED_CONSIDERED}`,
);

/** The task that an agent had best take up next: see `Store.writeNext`. */
export function nextRow(db: Database, { agent, repo_path }: Seeker, now: Instant): TaskRow | undefined {
  const key = agentKey(agent);
  const offered = db.query<TaskRow, (string | number)[]>(ADDRESSED).get(key, ...passedBy(now));
  const candidates = offered === null ? [] : [offered];
  if (repo_path !== undefined) {
    candidates.push(...free(db, key, repo_path, now), ...lapsed(db, key, repo_path, now));
  }
  return candidates.toSorted((one, other) => one.priority - other.priority || one.id - other.id).at(0);
}

function free(db: Database, key: string, repo_path: string, now: Instant): TaskRow[] {
  const query = db.query<TaskRow, string[]>(repo_path === "*" ? FREE.anywhere : FREE.inRepo);
  const where = repo_path === "*" ? [] : [repo_path];
  return ["open", "handoff_ready", "agent_exhausted"].flatMap((status) => {
    const row = query.get(...where, status, key, timestamp(now));
    return row === null ? [] : [row];
  });
}

function lapsed(db: Database, key: string, repo_path: string, { boot_id = "", uptime, wall }: Instant): TaskRow[] {
  const values = { boot: boot_id, uptime, wall, repo: repo_path, agent: key };
  return ["in_progress", "handoff_ready"].flatMap((status) =>
    LAPSED.flatMap((sql) => db.query<TaskRow, Record<string, string | number>>(sql).all({ ...values, status })),
  );
}

/** Seconds until the next lease or offer of this boot runs out. */
export function secondsToLapse(db: Database, { boot_id = "", uptime }: Instant): number | undefined {
  const query = db.query<{ deadline_uptime: number }, [string, string, number]>(
    `SELECT deadline_uptime FROM tasks
     WHERE status = ? AND deadline_at IS NOT NULL AND deadline_boot = ? AND deadline_uptime > ?
     ORDER BY deadline_uptime LIMIT 1`,
  );
  const next = ["in_progress", "handoff_ready"]
    .map((status) => query.get(status, boot_id, uptime - 1)?.deadline_uptime)
    .filter((deadline) => deadline !== undefined);
  return next.length === 0 ? undefined : Math.min(...next) + 1 - uptime;
}

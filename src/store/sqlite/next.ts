import type { Database } from "bun:sqlite";
import { agentKey } from "../../domain/agent.ts";
import { type Instant, timestamp } from "../../domain/instant.ts";
import { sound } from "./hashes.ts";
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
/** Of each state, so many tasks are told of that have run out. */
const LAPSED_TOLD = 1000;

const ADDRESSED = `SELECT id, priority FROM tasks WHERE status = 'handoff_ready' AND owner_key = +? AND NOT ${PASSED}
  ORDER BY priority, id LIMIT 1`;

/** What nobody owns; nothing that the agent itself let go of, unless its limit has been reset since. */
const UNOWNED = `status = +? AND owner_key IS NULL
  AND (let_go_key IS NOT +? OR (status = 'agent_exhausted' AND exhausted ->> 'resets_at' <= +?))
  ORDER BY priority, id LIMIT 1`;
const FREE = {
  anywhere: `SELECT id, priority FROM tasks WHERE ${UNOWNED}`,
  inRepo: `SELECT id, priority FROM tasks WHERE repo_path = +? AND ${UNOWNED}`,
};

/** The states in which a task may have a deadline. */
const WITH_DEADLINE = ["in_progress", "handoff_ready"];

/** Each reads a range of the index by deadline: those of this boot by its uptime, those of other boots by the wall clock. */
const LAPSED_RANGES = [
  "deadline_boot = $boot AND deadline_uptime <= $uptime - 1",
  "deadline_boot IS NULL AND deadline_at + 1000 <= $wall",
  "deadline_boot < $boot AND deadline_at + 1000 <= $wall",
  "deadline_boot > $boot AND deadline_at + 1000 <= $wall",
].map((range) => `status = $status AND deadline_at IS NOT NULL AND ${range} AND let_go_key IS NOT $agent`);
const LAPSED = {
  anywhere: LAPSED_RANGES.map((range) => `SELECT id, priority FROM tasks WHERE ${range} LIMIT ${LAPSED_CONSIDERED}`),
  inRepo: LAPSED_RANGES.map(
    (range) => `SELECT id, priority FROM tasks WHERE repo_path = $repo AND ${range} LIMIT ${LAPSED_CONSIDERED}`,
  ),
};

/** Of what an exhausted agent let go of: when the next limit is reset, and which were reset within a time. */
const NEXT_RESET = `SELECT exhausted ->> 'resets_at' AS resets_at FROM tasks
  WHERE status = 'agent_exhausted' AND exhausted ->> 'resets_at' > +? ORDER BY exhausted ->> 'resets_at' LIMIT 1`;
const RESET = `SELECT task_id FROM tasks
  WHERE status = 'agent_exhausted' AND exhausted ->> 'resets_at' > +? AND exhausted ->> 'resets_at' <= +?
  ORDER BY exhausted ->> 'resets_at' LIMIT +?`;

/** A task that could be next, before the whole of it is read. */
type Candidate = Pick<TaskRow, "id" | "priority">;

/** The task that an agent had best take up next: see `Store.writeNext`. */
export function nextRow(db: Database, { agent, repo_path }: Seeker, now: Instant): TaskRow | undefined {
  const key = agentKey(agent);
  const offered = db.query<Candidate, (string | number)[]>(ADDRESSED).get(key, ...passedBy(now));
  const candidates: Candidate[] = offered === null ? [] : [offered];
  if (repo_path !== undefined) {
    candidates.push(...free(db, key, repo_path, now), ...lapsed(db, key, repo_path, now));
  }
  const [next] = candidates.toSorted((one, other) => one.priority - other.priority || one.id - other.id);
  const row = next && db.query<TaskRow, [number]>("SELECT * FROM tasks WHERE id = ?").get(next.id);
  return row ? sound("tasks", row) : undefined;
}

function free(db: Database, key: string, repo_path: string, now: Instant): Candidate[] {
  const query = db.query<Candidate, string[]>(repo_path === "*" ? FREE.anywhere : FREE.inRepo);
  const where = repo_path === "*" ? [] : [repo_path];
  return ["open", "handoff_ready", "agent_exhausted"].flatMap((status) => {
    const row = query.get(...where, status, key, timestamp(now));
    return row === null ? [] : [row];
  });
}

function lapsed(db: Database, key: string, repo_path: string, { boot_id = "", uptime, wall }: Instant): Candidate[] {
  const all = { boot: boot_id, uptime, wall, agent: key };
  const [values, statements] =
    repo_path === "*" ? [all, LAPSED.anywhere] : [{ ...all, repo: repo_path }, LAPSED.inRepo];
  return WITH_DEADLINE.flatMap((status) =>
    statements.flatMap((sql) => db.query<Candidate, Record<string, string | number>>(sql).all({ ...values, status })),
  );
}

/** Seconds until the next lease or offer of this boot runs out, or an exhausted agent's limit is reset. */
export function secondsToLapse(db: Database, now: Instant): number | undefined {
  const { boot_id, uptime, wall } = now;
  const query = db.query<{ deadline_uptime: number }, [string, string | null, number]>(
    `SELECT deadline_uptime FROM tasks
     WHERE status = +? AND deadline_at IS NOT NULL AND deadline_boot IS +? AND deadline_uptime > +?
     ORDER BY deadline_uptime LIMIT 1`,
  );
  const deadlines = WITH_DEADLINE.map((status) => query.get(status, boot_id ?? null, uptime - 1)?.deadline_uptime);
  const reset = db.query<{ resets_at: string }, [string]>(NEXT_RESET).get(timestamp(now));
  const seconds = [
    ...deadlines.map((deadline) => deadline && deadline + 1 - uptime),
    reset && (Date.parse(reset.resets_at) - wall) / 1000,
  ].filter((left) => typeof left === "number");
  return seconds.length === 0 ? undefined : Math.min(...seconds);
}

/**
 * Ids of tasks whose lease or offer of this boot has run out within the last so many seconds, and of those whose exhausted
 * agent's limit was reset within them; the first of each.
 */
export function lapsedWithin(db: Database, seconds: number, now: Instant): string[] {
  const { boot_id, uptime, wall } = now;
  const query = db.query<{ task_id: string }, [string, string | null, number, number, number]>(
    `SELECT task_id FROM tasks
     WHERE status = +? AND deadline_at IS NOT NULL AND deadline_boot IS +? AND deadline_uptime > +? AND deadline_uptime <= +?
     ORDER BY deadline_uptime LIMIT +?`,
  );
  const over = uptime - 1;
  const from = timestamp({ ...now, wall: wall - 1000 * seconds });
  const reset = db.query<{ task_id: string }, [string, string, number]>(RESET).all(from, timestamp(now), LAPSED_TOLD);
  return [
    ...WITH_DEADLINE.flatMap((status) => query.all(status, boot_id ?? null, over - seconds, over, LAPSED_TOLD)),
    ...reset,
  ].map(({ task_id }) => task_id);
}

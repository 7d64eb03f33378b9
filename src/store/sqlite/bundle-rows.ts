import type { BundledTask } from "../../domain/bundle.ts";
import { type Instant, timestamp } from "../../domain/instant.ts";
import type { Handoff, Task } from "../../domain/task.ts";
import type { TaskRow } from "./rows.ts";

/** A row of `tasks` as a line of a bundle: without tokens, and without what counts on this machine's uptime. */
export function bundledTask(row: TaskRow): BundledTask {
  const { lease, predecessor, attempts, bounced } = JSON.parse(row.ownership);
  const { expires, ...handoff } = JSON.parse(row.handoff ?? "{}");
  return {
    task_id: row.task_id,
    title: row.title,
    goal: row.goal,
    repo_path: row.repo_path ?? undefined,
    status: row.status,
    current_owner: row.current_owner ?? undefined,
    owned_since: row.owned_since ?? undefined,
    lease_seconds: lease?.seconds,
    priority: row.priority,
    tags: JSON.parse(row.tags),
    handoff: row.handoff === null ? undefined : { ...handoff, expires_at: expires.at },
    exhausted: row.exhausted === null ? undefined : JSON.parse(row.exhausted),
    predecessor,
    attempts,
    bounced,
    described_by: row.described_by ?? undefined,
    described_at: row.described_at,
    content_hash: row.content_hash,
    checkpoint_count: row.checkpoint_count,
    version: row.version,
    created_at: row.created_at,
    updated_at: row.updated_at,
  };
}

/** A line as a task: its owner has a lease that has run out, with a token that nobody was ever given. */
export function unbundledTask(
  { lease_seconds: seconds, handoff, ...line }: BundledTask,
  now: Instant,
  token: string,
): Task {
  const { content_hash: _, ...task } = line;
  const past = { at: timestamp({ ...now, wall: now.wall - 1000 }), uptime: 0 };
  const lease = seconds === undefined ? undefined : { token, seconds, version: 0, expires: past, left: 0 };
  return { ...task, lease, handoff: handoff && unbundledHandoff(handoff) };
}

function unbundledHandoff({ expires_at: at, ...offer }: NonNullable<BundledTask["handoff"]>): Handoff {
  return { ...offer, expires: { at, uptime: 0 } };
}

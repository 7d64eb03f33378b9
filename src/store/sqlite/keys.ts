import type { Database } from "bun:sqlite";
import type { Decision } from "../../domain/changes.ts";
import { type IdempotencyKey, KEPT_SECONDS, otherArguments } from "../../domain/idempotency.ts";
import { deadlineAfter, type Instant, secondsUntil, timestamp } from "../../domain/instant.ts";
import { sealed, sound } from "./hashes.ts";

/** What one write came to: the decision, and the row of its task, if it found one to decide on. */
export interface Written<Answer> {
  decision: Decision<Answer>;
  task: number | undefined;
}

/** There was nothing to decide on. */
export const NOTHING: Written<undefined> = { decision: { answer: undefined }, task: undefined };

interface KeyRow {
  args_hash: string;
  answer: string;
  expires_at: string;
  expires_uptime: number;
  boot_id: string | null;
}

/** How many keys that have had their time each new one takes with it: more than one, so that none pile up. */
const REMOVED = 4;

/**
 * Runs `write` in the open transaction unless its key has its answer already; then the same answer, and no change.
 * Throws `conflict` where the key stands for other arguments. What `write` throws leaves no key, and so
 * does what found nothing to do: the next try may find something.
 */
export function once<Answer>(
  db: Database,
  now: Instant,
  key: IdempotencyKey | undefined,
  write: () => Written<Answer>,
): Decision<Answer> {
  if (key === undefined) {
    return write().decision;
  }
  const known = answerOf<Answer>(db, now, key);
  if (known !== undefined) {
    return known;
  }
  const { decision, task } = write();
  if (task === undefined) {
    return decision;
  }
  removeExpired(db, now);
  keep(db, now, key, JSON.stringify(decision.answer), task);
  return decision;
}

/** The answer kept under a key, until its time is over. Throws `conflict` where it belongs to other arguments. */
export function answerOf<Answer>(db: Database, now: Instant, key: IdempotencyKey): { answer: Answer } | undefined {
  const row = db.query<KeyRow, [string]>("SELECT * FROM idempotency WHERE key = ?").get(hashOf(key));
  if (row === null) {
    return undefined;
  }
  const { expires_at: at, expires_uptime: uptime, boot_id } = sound("idempotency", row);
  if (secondsUntil({ at, uptime, boot_id: boot_id ?? undefined }, now) === 0) {
    return undefined;
  }
  if (row.args_hash !== key.args_hash) {
    throw otherArguments(key);
  }
  return { answer: JSON.parse(row.answer) };
}

/** A key is the client's text, and may be anything: only its hash is kept. */
function hashOf({ key, caller, tool }: IdempotencyKey): string {
  return new Bun.CryptoHasher("sha256").update(JSON.stringify([caller, tool, key])).digest("hex");
}

function keep(db: Database, now: Instant, key: IdempotencyKey, answer: string, task: number): void {
  const { at: expires_at, uptime: expires_uptime, boot_id = null } = deadlineAfter(now, KEPT_SECONDS);
  const row = { key: hashOf(key), args_hash: key.args_hash, answer, task, expires_at, expires_uptime, boot_id };
  db.query(
    `INSERT OR REPLACE INTO idempotency (key, args_hash, answer, task, expires_at, expires_uptime, boot_id, row_hash)
     VALUES ($key, $args_hash, $answer, $task, $expires_at, $expires_uptime, $boot_id, $row_hash)`,
  ).run(sealed("idempotency", row));
}

/** Removes the first few keys whose time is over; where the wall clock was set forward, uptime still protects them. */
function removeExpired(db: Database, now: Instant): void {
  const rows = db
    .query<KeyRow & { id: number }, [string, number]>(
      `SELECT id, args_hash, answer, expires_at, expires_uptime, boot_id FROM idempotency
       WHERE expires_at < +? ORDER BY expires_at LIMIT +?`,
    )
    .all(timestamp(now), REMOVED);
  const remove = db.query("DELETE FROM idempotency WHERE id = ?");
  for (const { id, expires_at: at, expires_uptime: uptime, boot_id } of rows) {
    if (secondsUntil({ at, uptime, boot_id: boot_id ?? undefined }, now) === 0) {
      remove.run(id);
    }
  }
}

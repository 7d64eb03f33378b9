import { Database } from "bun:sqlite";
import { isSound, sealed } from "./hashes.ts";
import { HASHED_SINCE, immediately } from "./migrate.ts";
import { schemaVersion } from "./schema.ts";

/** A token as it is stored, its hash aside. */
interface StoredToken {
  token_id: string;
  agent: string;
  agent_key: string;
  role: string;
  digest: Uint8Array;
  created_at: string;
  revoked_at: string | null;
}

/** The tokens of a database that is about to be replaced, as far as they can be read. */
export interface PresentTokens {
  rows: readonly StoredToken[];
  /** Whether these are all. */
  whole: boolean;
}

/** Of nothing, and of what cannot be read. */
export const NO_TOKENS: PresentTokens = { rows: [], whole: true };
export const UNREADABLE: PresentTokens = { rows: [], whole: false };

/** What became of the tokens of a restore. */
export interface RestoredTokens {
  /** Whether all tokens of what was there before could be read. */
  compared: boolean;
  /** That only the database had which was replaced. */
  kept: number;
  /** That the backup has as valid, and that were revoked since. */
  revoked: number;
  /** That are valid because the backup says so: the database that was replaced did not know them, as far as it could be read. */
  asBackedUp: number;
}

/** The tokens of a database of any schema; none where it has no room for them. */
export function tokensIn(db: Database): PresentTokens {
  try {
    if (db.query("SELECT 1 FROM sqlite_master WHERE name = 'tokens'").get() === null) {
      return NO_TOKENS;
    }
    const rows = db.query<StoredToken, []>("SELECT * FROM tokens ORDER BY id").all();
    const sound = schemaVersion(db) < HASHED_SINCE ? rows : rows.filter((row) => isSound("tokens", row));
    return { rows: sound, whole: sound.length === rows.length };
  } catch {
    return UNREADABLE;
  }
}

/**
 * Makes the tokens of a backup, whose rows are known to be sound, as strict as those of the database that it replaces: who
 * needs a token now needs one afterwards, and what was revoked stays so. For a draft that nobody else has open.
 */
export function keepStricter(draft: string, present: PresentTokens): RestoredTokens {
  const db = new Database(draft, { readwrite: true, create: false, strict: true });
  try {
    db.run("PRAGMA synchronous = OFF");
    return immediately(db, () => merge(db, present));
  } finally {
    db.close();
  }
}

function merge(db: Database, { rows, whole }: PresentTokens): RestoredTokens {
  const told = { compared: whole, kept: 0, revoked: 0, asBackedUp: 0 };
  const backedUp = new Map(
    db
      .query<StoredToken, []>("SELECT * FROM tokens")
      .all()
      .map((row) => [row.token_id, row]),
  );
  for (const token of rows) {
    const before = backedUp.get(token.token_id);
    const revoked_at = token.revoked_at ?? before?.revoked_at ?? null;
    told.kept += before === undefined ? 1 : 0;
    told.revoked += before?.revoked_at === null && revoked_at !== null ? 1 : 0;
    backedUp.delete(token.token_id);
    write(db, { ...token, revoked_at });
  }
  told.asBackedUp = [...backedUp.values()].filter(({ revoked_at }) => revoked_at === null).length;
  return told;
}

function write(db: Database, { token_id, agent, agent_key, role, digest, created_at, revoked_at }: StoredToken): void {
  db.query(
    `INSERT INTO tokens (token_id, agent, agent_key, role, digest, created_at, revoked_at, row_hash)
     VALUES ($token_id, $agent, $agent_key, $role, $digest, $created_at, $revoked_at, $row_hash)
     ON CONFLICT (token_id) DO UPDATE SET agent = excluded.agent, agent_key = excluded.agent_key, role = excluded.role,
       digest = excluded.digest, created_at = excluded.created_at, revoked_at = excluded.revoked_at,
       row_hash = excluded.row_hash`,
  ).run(sealed("tokens", { token_id, agent, agent_key, role, digest, created_at, revoked_at }));
}

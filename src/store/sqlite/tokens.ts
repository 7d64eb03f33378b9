import type { Database } from "bun:sqlite";
import type { Role } from "../../domain/access.ts";
import { agentKey } from "../../domain/agent.ts";
import { type Instant, timestamp } from "../../domain/instant.ts";
import type { TokenRecord, Tokens } from "../tokens.ts";
import { rowHash, sealed, sound } from "./hashes.ts";

interface TokenRow {
  token_id: string;
  agent: string;
  role: Role;
  digest: Uint8Array;
  created_at: string;
  revoked_at: string | null;
}

/** How the store runs what reads and what writes. */
interface Lanes {
  now(): Instant;
  read<T>(query: () => T): Promise<T>;
  write<T>(body: () => T): Promise<T>;
}

const BY_ID = "SELECT * FROM tokens WHERE token_id = ?";
const ALL = "SELECT * FROM tokens ORDER BY id";
const VALID = "SELECT * FROM tokens WHERE (token_id = +? OR agent_key = +?) AND revoked_at IS NULL ORDER BY id";

/** The tokens of a database. */
export function createTokens(db: Database, { now, read, write }: Lanes): Tokens {
  return {
    add: ({ digest, ...token }) =>
      write(() => {
        const created_at = timestamp(now());
        db.query(
          `INSERT INTO tokens (token_id, agent, agent_key, role, digest, created_at, row_hash)
           VALUES ($token_id, $agent, $agent_key, $role, $digest, $created_at, $row_hash)`,
        ).run(sealed("tokens", { ...token, agent_key: agentKey(token.agent), digest, created_at }));
        return { ...token, created_at };
      }),
    list: () => read(() => db.query<TokenRow, []>(ALL).all().map(recordOf)),
    revoke: (agent_or_id) =>
      write(() => {
        const revoked_at = timestamp(now());
        const rows = db.query<TokenRow, [string, string]>(VALID).all(agent_or_id, agentKey(agent_or_id));
        for (const row of rows) {
          const row_hash = rowHash("tokens", { ...sound("tokens", row), revoked_at });
          db.query("UPDATE tokens SET revoked_at = ?, row_hash = ? WHERE token_id = ?").run(
            revoked_at,
            row_hash,
            row.token_id,
          );
        }
        return rows.map((row) => ({ ...recordOf(row), revoked_at }));
      }),
    find: (token_id) =>
      read(() => {
        const row = db.query<TokenRow, [string]>(BY_ID).get(token_id);
        return row === null ? undefined : { ...recordOf(row), digest: row.digest };
      }),
    exist: () => read(() => db.query("SELECT 1 FROM tokens LIMIT 1").get() !== null),
  };
}

function recordOf(row: TokenRow): TokenRecord {
  const { token_id, agent, role, created_at, revoked_at } = sound("tokens", row);
  return { token_id, agent, role, created_at, revoked_at: revoked_at ?? undefined };
}

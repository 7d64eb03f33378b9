import type { Role } from "../domain/access.ts";

/** What is known of a token; never the token. */
export interface TokenRecord {
  token_id: string;
  agent: string;
  role: Role;
  created_at: string;
  revoked_at?: string | undefined;
}

/** The tokens by which agents are known over HTTP. */
export interface Tokens {
  /** Keeps a new token by its SHA-256. */
  add(token: Pick<TokenRecord, "token_id" | "agent" | "role"> & { digest: Uint8Array }): Promise<TokenRecord>;
  /** Every token that ever was, the oldest first. */
  list(): Promise<readonly TokenRecord[]>;
  /** Revokes the token of this id, or all of this agent; answers those that were valid until now. */
  revoke(agent_or_id: string): Promise<readonly TokenRecord[]>;
  find(token_id: string): Promise<(TokenRecord & { digest: Uint8Array }) | undefined>;
  /** Whether there ever was one. */
  exist(): Promise<boolean>;
}

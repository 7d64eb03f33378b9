import { timingSafeEqual } from "node:crypto";
import type { Principal } from "../domain/access.ts";
import type { Tokens } from "../store/tokens.ts";
import { digestOf, tokenIdOf } from "./token.ts";

/** What a request's Authorization header proves. */
export type Proof =
  /** A valid token, or none where none is needed: then there is no principal. */
  { kind: "passed"; principal?: Principal } | { kind: "missing" } | { kind: "invalid" };

/** Who may speak. */
export interface Gate {
  /** Judges an Authorization header. Once a token was ever created, every caller needs one. Asks the store where it answers a promise. */
  judge(authorization: string | null): Proof | Promise<Proof>;
  /** Whether a token that was accepted still is; or, without one, whether still none is needed. */
  holds(token_id: string | undefined): Promise<boolean>;
}

/**
 * How long it holds that there is no token, in milliseconds. The look takes longer than all else that a small request
 * needs; whoever makes the first token cannot tell anybody of it so soon.
 */
const FRESH_MS = 0.2;

const PASSED: Proof = { kind: "passed" };

/** A gate that asks the store, so that any process's `token` command counts at once. */
export function createGate(tokens: Tokens): Gate {
  let needed = false;
  let looked = Number.NEGATIVE_INFINITY;

  async function judgeAnew(authorization: string | null, now: number): Promise<Proof> {
    needed ||= await tokens.exist();
    if (!needed) {
      looked = now;
      return PASSED;
    }
    const text = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
    if (text === undefined) {
      return { kind: "missing" };
    }
    const token_id = tokenIdOf(text);
    const known = token_id === undefined ? undefined : await tokens.find(token_id);
    // Both are SHA-256, hence of one length; the id is no secret.
    const valid =
      known !== undefined && timingSafeEqual(digestOf(text), known.digest) && known.revoked_at === undefined;
    return valid
      ? { kind: "passed", principal: { token_id: known.token_id, agent: known.agent, role: known.role } }
      : { kind: "invalid" };
  }

  return {
    judge(authorization) {
      const now = performance.now();
      return !needed && now - looked < FRESH_MS ? PASSED : judgeAnew(authorization, now);
    },
    async holds(token_id) {
      if (token_id === undefined) {
        return !(await tokens.exist());
      }
      const known = await tokens.find(token_id);
      return known !== undefined && known.revoked_at === undefined;
    },
  };
}

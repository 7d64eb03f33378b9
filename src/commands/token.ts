import { digestOf, mintToken } from "../auth/token.ts";
import { createClock } from "../clock.ts";
import { type CommandLine, type Config, EXIT, type Flags, usage } from "../config.ts";
import { ROLES } from "../domain/access.ts";
import { asAgentName } from "../domain/agent.ts";
import { quote } from "../domain/clean.ts";
import { openStore } from "../store/sqlite/open.ts";
import type { TokenRecord, Tokens } from "../store/tokens.ts";
import type { Outcome } from "./outcome.ts";

/** The command on the configured store. */
export async function manageTokens({ operands, flags }: CommandLine, config: Config): Promise<Outcome> {
  const store = await openStore(config.db, { now: createClock(), onOutdated: () => undefined });
  try {
    const { report, done, note } = await token(store.tokens, operands, flags);
    return { report, notes: note === undefined ? [] : [note], exitCode: done ? EXIT.ok : EXIT.failure };
  } finally {
    await store.close();
  }
}

/** `token create <agent>`, `token list`, `token revoke <agent or id>`: what goes to stdout, and whether it was done. */
async function token(
  tokens: Tokens,
  [action = "", name]: readonly string[],
  flags: Flags,
): Promise<{ report: string; done: boolean; note?: string }> {
  switch (action) {
    case "create":
      return { report: `${await create(tokens, name, flags["role"] ?? "worker")}\n`, done: true };
    case "list": {
      refuseOperand(name);
      const known = await tokens.list();
      return { report: known.map((record) => `${line(record)}\n`).join(""), done: true };
    }
    case "revoke": {
      if (name === undefined) {
        throw usage("token revoke needs an agent's name or a token's id; token list shows both");
      }
      const revoked = await tokens.revoke(name);
      const report = revoked.map((record) => `${line(record)}\n`).join("");
      const note = `Cannot revoke token ${quote(name)}: no valid token has this id or agent; token list shows them`;
      return revoked.length === 0 ? { report, done: false, note } : { report, done: true };
    }
    default:
      throw usage(`token ${quote(action)} is unknown; create <agent>, list and revoke <agent or id> are accepted`);
  }
}

async function create(tokens: Tokens, name: string | undefined, role: Flags[string]): Promise<string> {
  const agent = asAgentName(name);
  if (agent === undefined) {
    throw usage("token create needs the agent's name, 1–64 printable characters");
  }
  const known = ROLES.find((one) => one === role);
  if (known === undefined) {
    throw usage(`role ${quote(String(role))} is none; ${ROLES.join(", ")} are accepted (--role)`);
  }
  const { token_id, text } = mintToken();
  await tokens.add({ token_id, agent, role: known, digest: digestOf(text) });
  return text;
}

function refuseOperand(name: string | undefined): void {
  if (name !== undefined) {
    throw usage("token list takes nothing after it");
  }
}

function line({ token_id, role, created_at, revoked_at, agent }: TokenRecord): string {
  return `${token_id}  ${role.padEnd(6)}  ${created_at}  ${revoked_at === undefined ? "valid" : `revoked ${revoked_at}`}  ${agent}`;
}

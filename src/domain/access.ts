import { sameAgent } from "./agent.ts";
import { quote } from "./clean.ts";
import { TaskError } from "./errors.ts";

/** What a token permits, each more than the one before: reading; writing; taking tasks by force. */
export const ROLES = ["reader", "worker", "admin"] as const;

export type Role = (typeof ROLES)[number];

/** Who is calling, as a token says. */
export interface Principal {
  token_id: string;
  agent: string;
  role: Role;
}

/** What a call would do. */
export interface Attempt {
  tool: string;
  effect: "read" | "write";
  force: boolean;
}

/** Refuses what the principal's role does not permit. Throws `forbidden`. */
export function refuseBeyondRole({ role, agent }: Principal, { tool, effect, force }: Attempt): void {
  const needed = force ? "admin" : effect === "write" ? "worker" : "reader";
  if (ROLES.indexOf(role) < ROLES.indexOf(needed)) {
    throw new TaskError(
      "forbidden",
      `Cannot call tool ${quote(tool)}${force ? " by force" : ""}: the token of ${quote(agent)} is a ${role}'s; ` +
        `a token with role ${needed} is accepted`,
      { role, needed },
    );
  }
}

/** Refuses a name that is not the principal's own: who has a token is who it says. Throws `forbidden`. */
export function refuseOtherName({ agent }: Principal, named: string | undefined, argument: string): void {
  if (named !== undefined && !sameAgent(named, agent)) {
    throw new TaskError(
      "forbidden",
      `Cannot act as ${quote(named)}: the token is of ${quote(agent)}; that name is accepted as ${argument}, or none`,
      { agent },
    );
  }
}

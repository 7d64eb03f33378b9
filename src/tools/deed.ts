import type { Deed } from "../domain/changes.ts";
import type { Instant } from "../domain/instant.ts";
import type { ToolContext } from "./tool.ts";

/** What a call says of itself beside its arguments. */
interface Call<Agent> {
  agent: Agent;
  lease_token?: string | undefined;
  /** Of the lease this call may bring; the configured time without it. */
  lease_seconds?: number | undefined;
}

/** The deed that a call of `command` is, once the store says when. What it may grant is made now: a decision is pure. */
export function deedOf<Agent extends string | undefined>(
  { grant, repo_state }: Pick<ToolContext, "grant" | "repo_state">,
  command: string,
  { agent, lease_token, lease_seconds }: Call<Agent>,
): (now: Instant) => Deed & { agent: Agent } {
  const granted = grant(lease_seconds);
  return (now) => ({ command, agent, lease_token, grant: granted, now, repo_state });
}

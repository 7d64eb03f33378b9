import { type Principal, refuseOtherName } from "../domain/access.ts";
import { asAgentName } from "../domain/agent.ts";
import { noAgent } from "../domain/refusals.ts";

/** Who may be calling, as far as the connection and the configuration know. */
export interface Caller {
  /** Who the call's token is of, which nothing else outweighs. */
  principal?: Principal | undefined;
  /** `MCP_TASK_AGENT` or `--agent`. */
  configured?: string | undefined;
  /** `clientInfo.name`. */
  client?: string | undefined;
}

/**
 * The calling agent: the token's, else the argument, else the configured name, else the client's. Nothing is remembered
 * between calls. Throws `forbidden` for an argument that is not the token's agent; `name` is what it is called.
 */
export function agentOf(caller: Caller, argument: string | undefined, name = "agent"): string | undefined {
  if (caller.principal !== undefined) {
    refuseOtherName(caller.principal, argument, name);
    return caller.principal.agent;
  }
  return argument ?? caller.configured ?? asAgentName(caller.client);
}

/** The calling agent of a tool that needs one. Throws `invalid` where nobody says. */
export function requireAgent(
  caller: Caller,
  argument: string | undefined,
  { action, name }: { action: string; name?: string },
): string {
  const agent = agentOf(caller, argument, name);
  if (agent === undefined) {
    throw noAgent(action);
  }
  return agent;
}

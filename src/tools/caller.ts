import { asAgentName } from "../domain/agent.ts";
import { noAgent } from "../domain/refusals.ts";

/** Who may be calling, as far as the connection and the configuration know. */
export interface Caller {
  /** `MCP_TASK_AGENT` or `--agent`. */
  configured?: string | undefined;
  /** `clientInfo.name`. */
  client?: string | undefined;
}

/** The calling agent: the argument, else the configured name, else the client's. Nothing is remembered between calls. */
export function agentOf(caller: Caller, argument: string | undefined): string | undefined {
  return argument ?? caller.configured ?? asAgentName(caller.client);
}

/** The calling agent of a tool that needs one. Throws `invalid` where nobody says. */
export function requireAgent(caller: Caller, argument: string | undefined, action: string): string {
  const agent = agentOf(caller, argument);
  if (agent === undefined) {
    throw noAgent(action);
  }
  return agent;
}

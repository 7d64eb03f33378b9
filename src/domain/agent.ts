/** The most characters an agent's name may have. */
export const AGENT_CHARACTERS = 64;

/** What an agent's name may consist of: anything printable. */
export const AGENT_PATTERN: RegExp = /^[^\p{C}\p{Zl}\p{Zp}]+$/u;

/** What agents are compared by: trimmed, normalized and case-folded. */
export function agentKey(name: string): string {
  return name.trim().normalize("NFC").toLowerCase();
}

/** Whether two names mean one agent; nobody is nobody's equal. */
export function sameAgent(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && agentKey(one) === agentKey(other);
}

/** `name` trimmed, if it can be an agent's name (1–64 printable characters): a client may call itself anything. */
export function asAgentName(name: string | undefined): string | undefined {
  const trimmed = name?.trim() ?? "";
  return AGENT_PATTERN.test(trimmed) && [...trimmed].length <= AGENT_CHARACTERS ? trimmed : undefined;
}

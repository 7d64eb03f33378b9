import { shortText } from "./text.ts";

/** An agent's name: 1–64 printable characters, trimmed. Two names are one agent when their `agentKey` is equal. */
export const agentName = shortText(64)
  .trim()
  .min(1, "it is empty; a name of 1–64 printable characters is accepted")
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]+$/u, "it has unprintable characters; 1–64 printable characters are accepted");

/** What agents are compared by: trimmed, normalized and case-folded. */
export function agentKey(name: string): string {
  return name.trim().normalize("NFC").toLowerCase();
}

/** Whether two names mean one agent; nobody is nobody's equal. */
export function sameAgent(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && agentKey(one) === agentKey(other);
}

/** `name` as an agent's name, or nothing where it cannot be one: a client may call itself anything. */
export function asAgentName(name: string | undefined): string | undefined {
  const parsed = agentName.safeParse(name);
  return parsed.success ? parsed.data : undefined;
}

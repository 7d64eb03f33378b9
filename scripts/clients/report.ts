import type { HandoffClient } from "./handoff.ts";
import { playHandoff } from "./handoff.ts";

/** What a client did over one transport. */
export interface Report {
  transport: string;
  revision: string;
  done: string;
  /** What went wrong; nothing where all went well. */
  failure: string | undefined;
}

/** Connects a client, plays a whole handoff with it, and tells how it went; a failure is told, never thrown. */
export async function reportHandoff(
  transport: string,
  connect: () => Promise<HandoffClient & { close?(): Promise<unknown> }>,
  revision: () => string,
): Promise<Report> {
  let failure: string | undefined;
  let reads = false;
  try {
    const client = await connect();
    reads = client.read !== undefined;
    await playHandoff(client, client, `task-${crypto.randomUUID()}`);
    await client.close?.();
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  return { transport, revision: revision(), done: reads ? "a handoff, resource read" : "a handoff", failure };
}

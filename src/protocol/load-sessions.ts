import { config } from "zod";
import type { SessionHost } from "./sessions.ts";

/**
 * Loads what carries sessions. zod would compile each of the SDK's schemas at its first use: where the process serves
 * one client, that is a tenth of the time until `initialize` is answered, won back only after hundreds of messages.
 */
export async function loadSessions({ local }: Pick<SessionHost, "local">): Promise<typeof import("./sessions.ts")> {
  config({ jitless: local });
  try {
    return await import("./sessions.ts");
  } finally {
    config({ jitless: false });
  }
}

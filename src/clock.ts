import { readFileSync } from "node:fs";
import { uptime } from "node:os";
import { bootSession } from "./boot-session.ts";
import type { Instant } from "./domain/instant.ts";

/** The clock of this machine: what every transaction is dated with. */
export function createClock(): () => Instant {
  const boot_id = bootId();
  return () => ({ wall: Date.now(), uptime: uptime(), boot_id });
}

/** What changes with every start of the machine, where the system tells. */
function bootId(): string | undefined {
  try {
    if (process.platform === "linux") {
      return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    }
    return process.platform === "darwin" ? bootSession() : undefined;
  } catch {
    return undefined;
  }
}

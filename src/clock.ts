import { readFileSync } from "node:fs";
import { uptime } from "node:os";
import type { Instant } from "./domain/instant.ts";

/** The clock of this machine: what every transaction is dated with. */
export async function createClock(): Promise<() => Instant> {
  const boot_id = await bootId();
  return () => ({ wall: Date.now(), uptime: uptime(), boot_id });
}

/** What changes with every start of the machine, where the system tells. */
async function bootId(): Promise<string | undefined> {
  try {
    if (process.platform === "linux") {
      return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    }
    return process.platform === "darwin" ? (await import("./boot-session.ts")).bootSession() : undefined;
  } catch {
    return undefined;
  }
}

import { readFileSync } from "node:fs";
import { uptime } from "node:os";
import type { Instant } from "./domain/instant.ts";

/** The clock of this machine: what every transaction is dated with. */
export function createClock(): () => Instant {
  const boot_id = process.platform === "linux" ? linuxBootId() : undefined;
  return () => ({ wall: Date.now(), uptime: uptime(), boot_id });
}

function linuxBootId(): string | undefined {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return undefined;
  }
}

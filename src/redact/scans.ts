import type { SecretsMode } from "../config.ts";
import { createTurns } from "../turns.ts";
import type { Scan } from "./redactor.ts";

/** The scans for secrets of a server's calls, in the order in which the calls came. */
export interface Scans {
  /** Scans the arguments of a write, after those of the writes before it; at once where that can be. */
  scan(given: unknown): Scan | Promise<Scan>;
  /** Resolves, for a read, when it is past the scans of the writes before it; nothing where it is. */
  settled(): Promise<void> | undefined;
}

/** What scans is loaded with the first write. However long one text is looked at, no later call overtakes its own. */
export function createScans(mode: SecretsMode): Scans {
  let redactor: typeof import("./redactor.ts") | undefined;
  const turns = createTurns();
  async function loadAndScan(given: unknown): Promise<Scan> {
    redactor ??= await import("./redactor.ts");
    return redactor.scanCall(mode, given);
  }
  return {
    scan: (given) => turns.take(() => redactor?.scanCall(mode, given) ?? loadAndScan(given)),
    settled: turns.settled,
  };
}

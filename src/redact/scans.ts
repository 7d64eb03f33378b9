import type { SecretsMode } from "../settings.ts";
import { createTurns } from "../turns.ts";
import type { Scan } from "./redactor.ts";

/** The scans for secrets of a server's calls, in the order in which the calls came. */
export interface Scans {
  /** Scans the arguments of a write, after those of the writes before it. */
  scan(given: unknown): Promise<Scan>;
  /** Waits, for a read, until it is past the scans of the writes before it. */
  settled(): Promise<undefined>;
}

/** What scans is loaded with the first write. However long one text is looked at, no later call overtakes its own. */
export function createScans(mode: SecretsMode): Scans {
  let loaded: Promise<typeof import("./redactor.ts")> | undefined;
  const load = () => {
    loaded ??= import("./redactor.ts");
    return loaded;
  };
  const turns = createTurns();
  return {
    scan: (given) => turns.take(async () => (await load()).scanCall(mode, given)),
    settled: turns.settled,
  };
}

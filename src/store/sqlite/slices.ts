import type { Database } from "bun:sqlite";
import { immediately } from "./migrate.ts";
import { patiently } from "./retry.ts";

/** How long a transaction goes on, in milliseconds: writes of every process wait for it. */
const SLICE_MS = 8;
/** The pause between two transactions, in milliseconds, in which others write. */
export const PAUSE_MS = 20;

/** When the slice that begins now is to end, by `performance.now`. */
export function sliceEnd(): number {
  return performance.now() + SLICE_MS;
}

/** Runs `slice` in one short transaction after the other until it answers that it is done, others writing in between. */
export async function inSlices(db: Database, slice: () => "done" | "more"): Promise<void> {
  while ((await patiently(() => immediately(db, slice))) === "more") {
    await Bun.sleep(PAUSE_MS);
  }
}

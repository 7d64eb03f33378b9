import { describe, expect, test } from "bun:test";
import { MEMORY_LANES, watchMemory } from "../support/memory-lanes.ts";

/** 40,000 in the long setting: `MEMORY_CALLS=40000 bun test --timeout 3600000 test/e2e/memory.test.ts`. */
const CALLS = Number(Bun.env["MEMORY_CALLS"] ?? "4000");
/** Requests alone, kept as they once were over stdio, would be 45 MiB from early on to the end; answers more. */
const BOUND = 30 * 2 ** 20;

describe("memory stays as it is, call after call", () => {
  test.each(Object.entries(MEMORY_LANES))("%s", async (name, open) => {
    const lane = await open();
    const { early, late, peak } = await watchMemory(lane, CALLS);
    const told = [early, late, peak].map((bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`);
    console.error(`${name}: ${told[0]} early, ${told[1]} after ${CALLS} calls, at most ${told[2]}`);
    await lane.end();
    expect(late - early).toBeLessThan(BOUND);
  });
});

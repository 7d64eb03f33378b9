import { afterAll, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { httpTarget } from "./http-target.ts";
import { samples } from "./messages.ts";
import { toolsOf } from "./published.ts";
import { sseTarget, stdioTarget, type Target } from "./targets.ts";

/** How many messages; `FUZZ_MESSAGES=100000` is the long setting. */
const MESSAGES = Number(Bun.env["FUZZ_MESSAGES"] ?? 3000);
/** Every run has a seed of its own, which the test's name tells; `FUZZ_SEED` repeats one. */
const SEED = Number(Bun.env["FUZZ_SEED"] ?? Date.now() % 2 ** 31);
/** Messages sent at once, at most. */
const GROUP = 8;
/** Groups come out somewhat smaller than this, so that no setting sends less than it says. */
const MEAN_GROUP = 3.2;

const TARGETS: Readonly<Record<string, { open: () => Promise<Target>; era: "session" | "stateless"; share: number }>> =
  {
    "stdio, a session of 2025-11-25": { open: () => stdioTarget("2025-11-25"), era: "session", share: 0.2 },
    "stdio, a session of 2025-03-26": { open: () => stdioTarget("2025-03-26"), era: "session", share: 0.1 },
    "stdio, 2026-07-28": { open: () => stdioTarget(undefined), era: "stateless", share: 0.2 },
    "the event stream of 2024-11-05": { open: sseTarget, era: "session", share: 0.1 },
    "HTTP, a session of 2025-11-25": { open: () => httpTarget("2025-11-25"), era: "session", share: 0.15 },
    "HTTP, a session of 2025-03-26": { open: () => httpTarget("2025-03-26"), era: "session", share: 0.05 },
    "HTTP, 2026-07-28": { open: () => httpTarget(undefined), era: "stateless", share: 0.2 },
  };

const tools = await toolsOf();
const figures: string[] = [];
afterAll(() => console.error(`${figures.join("\n")}\n(FUZZ_SEED=${SEED})`));

describe(`${MESSAGES} generated messages (FUZZ_SEED=${SEED})`, () => {
  test.each(Object.entries(TARGETS))(
    "%s: each is answered once and by the book, and the server stays whole",
    async (name, { open, era, share }) => {
      const target = await open();
      let sent = 0;
      let failed = false;
      const group = fc.array(samples(tools, era), { minLength: 1, maxLength: GROUP, size: "max" });
      const judged = fc.asyncProperty(group, async (messages) => {
        sent += messages.length;
        const faults = await target.send(messages);
        if (faults.length > 0 && !failed) {
          // What is found while this is made smaller may be another thing.
          failed = true;
          console.error(`first seen: ${JSON.stringify({ faults, messages }, undefined, 1)}`);
        }
        expect(faults).toEqual([]);
      });
      const wanted = Math.ceil(MESSAGES * share);
      await fc.assert(judged, { seed: SEED, numRuns: Math.ceil(wanted / MEAN_GROUP) });
      const { faults, peak } = await target.verdict();
      figures.push(`${name}: ${sent} messages, at most ${Math.round(peak)} MiB`);
      expect(faults).toEqual([]);
    },
    60 * 60_000,
  );
});

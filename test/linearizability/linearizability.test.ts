import { describe, expect, test } from "bun:test";
import { temporaryFolder } from "../support/folder.ts";
import { contended, control, fenced, frontDoor, killed, type LaneResult, mixed, next, race, winners } from "./lanes.ts";
import { check } from "./report.ts";

// The long setting, of 100,000 operations and more, is `bun run linearizability`.
const TIMEOUT = 300_000;

const folder = temporaryFolder();

/** Prints what a lane did; its figures are for people, its verdict is for the test. */
function told({ text, findings, histories }: LaneResult) {
  console.error(text);
  return { findings, histories };
}

/** The tasks whose history no order of its operations explains; the text tells of the first. */
const wrong = ({ findings }: Pick<LaneResult, "findings">) => findings.violations.map(({ task }) => task);

describe("8 processes on one store are linearizable, task by task", () => {
  test(
    "in 32,000 claims, offers, releases, checkpoints and reads at full speed",
    async () => {
      const { findings, histories } = told(await mixed(folder, { operations: 4000, tasks: 40 }));
      expect(findings.operations).toBeGreaterThanOrEqual(32_000);
      expect(histories.size).toBe(40);
      expect(wrong({ findings })).toEqual([]);
    },
    TIMEOUT,
  );

  test(
    "when 4 of them are killed half way",
    async () => {
      expect(wrong(told(await killed(folder, { operations: 600, tasks: 20 })))).toEqual([]);
    },
    TIMEOUT,
  );

  test(
    "when leases run out and claims are forced: no write with an old token is accepted after a takeover",
    async () => {
      const { findings, histories } = told(await fenced(folder, { operations: 800, tasks: 10 }));
      expect(wrong({ findings })).toEqual([]);
      const steps = [...histories.values()].flat().map(({ step }) => step);
      const stale = steps.filter(({ action, outcome }) => "token" in action && outcome?.refused === "lease_lost");
      expect(stale.length).toBeGreaterThan(0);
    },
    TIMEOUT,
  );

  test(
    "through the front door: 8 executables on stdio, each with requests under way",
    async () => {
      expect(wrong(told(await frontDoor(folder, { operations: 300, tasks: 10 })))).toEqual([]);
    },
    TIMEOUT,
  );

  test(
    "and a planted bug, read then write, is found",
    async () => {
      const { findings, histories } = told(await control(folder, { operations: 600, tasks: 8 }));
      expect(wrong({ findings })).not.toEqual([]);
      // By its owners as well: not only by versions that two writes were told.
      expect(wrong({ findings: check(histories, { ignoresVersions: true }) })).not.toEqual([]);
    },
    TIMEOUT,
  );
});

describe("8 processes claim", () => {
  test(
    "1,000 shared tasks each: exactly one wins each task, and each loser is told who",
    async () => {
      const { findings, histories } = told(await race(folder, 1000));
      expect(wrong({ findings })).toEqual([]);
      const { wins, misled } = winners(histories);
      expect(wins.size).toBe(1000);
      expect([...wins].filter(([, won]) => won.length !== 1)).toEqual([]);
      expect(misled).toEqual([]);
      expect(contended(histories)).toBeGreaterThan(0);
    },
    TIMEOUT,
  );

  test(
    "what is next of 1,000 offered tasks: each task is won once, none is lost, none twice",
    async () => {
      const { findings, histories } = told(await next(folder, 125));
      expect(wrong({ findings })).toEqual([]);
      const { wins } = winners(histories);
      expect(wins.size).toBe(1000);
      expect([...wins].filter(([, won]) => won.length !== 1)).toEqual([]);
    },
    TIMEOUT,
  );
});

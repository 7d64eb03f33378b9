import { describe, expect, test } from "bun:test";
import { TaskError } from "../../src/domain/errors.ts";
import { move, NEXT, STATUSES, type Status } from "../../src/domain/lifecycle.ts";

/** The lifecycle as the design has it, written down a second time. */
const ALLOWED = new Set([
  "open in_progress",
  "open handoff_ready",
  "open done",
  "open cancelled",
  "in_progress handoff_ready",
  "in_progress agent_exhausted",
  "in_progress open",
  "in_progress done",
  "in_progress cancelled",
  "handoff_ready in_progress",
  "handoff_ready handoff_ready",
  "handoff_ready cancelled",
  "agent_exhausted in_progress",
  "agent_exhausted handoff_ready",
  "agent_exhausted cancelled",
  "done open",
  "cancelled open",
]);

describe("lifecycle", () => {
  for (const from of STATUSES) {
    for (const to of STATUSES) {
      const allowed = from === to || ALLOWED.has(`${from} ${to}`);
      test(`${from} → ${to} is ${allowed ? "allowed" : "refused, naming what is"}`, () => {
        const moved = attempt(from, to);
        if (allowed) {
          expect(moved).toBe(to);
        } else {
          expect(moved).toBeInstanceOf(TaskError);
          expect(moved).toMatchObject({ code: "illegal_transition", details: { from, to, allowed: NEXT[from] } });
          for (const next of NEXT[from]) {
            expect(String(moved)).toContain(next);
          }
        }
      });
    }
  }
});

function attempt(from: Status, to: Status): unknown {
  try {
    return move(from, to);
  } catch (error) {
    return error;
  }
}

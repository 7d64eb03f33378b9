import { describe, expect, test } from "bun:test";
import { findViolation, type Model, type Operation } from "./checker.ts";
import { type Action, type Outcome, type Rules, type Step, taskModel } from "./task-model.ts";

/** What an agent did between two moments, and was answered; without an end it was killed. */
function did(action: Action, outcome: Outcome | undefined, start: number, end?: number): Operation<Step> {
  return { step: { action, outcome }, start, end };
}

const claim = (agent: string): Action => ({ kind: "claim", agent });
const progress = (agent: string, token?: string): Action => ({ kind: "progress", agent, token });
const won = (token: string): Outcome => ({ token });
const lostTo = (owner: string): Outcome => ({ refused: "not_owner", status: "in_progress", owner });
const READ: Action = { kind: "read" };
const owned = (owner: string, version: number): Outcome => ({ status: "in_progress", owner, version });
const open = (version: number): Outcome => ({ status: "open", version });

/** The action that nothing explains, or undefined. */
function wrong(history: readonly Operation<Step>[], rules?: Rules) {
  return findViolation(taskModel(rules), history)?.operation.step.action;
}

describe("a history is linearizable", () => {
  test("when one of two that claim at the same time wins, and the other is told who", () => {
    expect(wrong([did(claim("a"), won("t1"), 0, 10), did(claim("b"), lostTo("a"), 1, 3)])).toBeUndefined();
  });

  test("when a read that overlaps with a claim sees the task before it, or after it", () => {
    const claimed = did(claim("a"), won("t1"), 0, 10);
    expect(wrong([claimed, did(READ, open(1), 2, 5)])).toBeUndefined();
    expect(wrong([claimed, did(READ, owned("a", 2), 2, 5)])).toBeUndefined();
  });

  test("when moments are equal: they count as overlapping", () => {
    expect(wrong([did(claim("a"), won("t1"), 0, 5), did(READ, open(1), 5, 6)])).toBeUndefined();
  });

  test("when a task goes from hand to hand and each answer follows from the one before", () => {
    const offered: Outcome = { status: "handoff_ready", owner: "b", version: 3 };
    expect(
      wrong([
        did(claim("a"), won("t1"), 0, 1),
        did({ kind: "offer", agent: "a", to: "b", token: "t1" }, offered, 2, 3),
        did(claim("c"), { refused: "not_owner", status: "handoff_ready", owner: "b" }, 4, 5),
        did(progress("a"), { refused: "not_owner", status: "handoff_ready", owner: "b" }, 6, 7),
        did(progress("b"), { ...owned("b", 4), token: "t2" }, 8, 9),
        did(progress("b", "t1"), { refused: "lease_lost", ...owned("b", 4) }, 10, 11),
        did({ kind: "release", agent: "b", token: "t2" }, open(5), 12, 13),
        did(READ, open(5), 14, 15),
      ]),
    ).toBeUndefined();
  });

  test("when what a killed agent had begun took effect, later or never", () => {
    const begun = did(claim("a"), undefined, 0);
    expect(wrong([begun, did(READ, open(1), 5, 6), did(READ, owned("a", 2), 7, 8)])).toBeUndefined();
    expect(wrong([begun, did(claim("b"), won("t1"), 5, 6), did(READ, owned("b", 2), 7, 8)])).toBeUndefined();
  });

  test("when a claim succeeds because the lease has run out, where leases do", () => {
    const taken = [did(claim("a"), won("t1"), 0, 1), did(claim("b"), won("t2"), 2, 3)];
    expect(wrong(taken, { leasesLapse: true })).toBeUndefined();
    expect(wrong(taken)).toEqual(claim("b"));
  });
});

describe("a history is not linearizable", () => {
  test("with two winners", () => {
    expect(wrong([did(claim("a"), won("t1"), 0, 10), did(claim("b"), won("t2"), 1, 11)])).toEqual(claim("b"));
  });

  test("with a loser that is told another winner", () => {
    expect(wrong([did(claim("a"), won("t1"), 0, 1), did(claim("b"), lostTo("c"), 2, 3)])).toEqual(claim("b"));
  });

  test("with no winner", () => {
    expect(wrong([did(claim("a"), lostTo("b"), 0, 10), did(claim("b"), lostTo("a"), 0, 10)])).toBeDefined();
  });

  test("with a stale read: it began after the claim had ended, and does not see it", () => {
    expect(wrong([did(claim("a"), won("t1"), 0, 1), did(READ, open(1), 2, 3)])).toEqual(READ);
  });

  test("with reads that go back in time", () => {
    const reads = [did(READ, owned("a", 2), 1, 2), did(READ, open(1), 3, 4)];
    expect(wrong([did(claim("a"), won("t1"), 0, 10), ...reads])).toEqual(READ);
  });

  test("with a lost write: two were told the same version", () => {
    const writes = [did(progress("a"), owned("a", 3), 2, 9), did(progress("a"), owned("a", 3), 3, 8)];
    expect(wrong([did(claim("a"), won("t1"), 0, 1), ...writes])).toEqual(progress("a"));
  });

  test("with a lost write: it was acknowledged, and the task does not have it", () => {
    const history = [did(claim("a"), won("t1"), 0, 1), did(progress("a"), owned("a", 3), 2, 3)];
    expect(wrong([...history, did(READ, owned("a", 2), 4, 5)])).toEqual(READ);
  });

  test("with a resurrected owner: it had handed the task over, and owns it again though it never claimed", () => {
    const history = [
      did(claim("a"), won("t1"), 0, 1),
      did({ kind: "offer", agent: "a", to: "b" }, { status: "handoff_ready", owner: "b", version: 3 }, 2, 3),
      did(claim("b"), won("t2"), 4, 5),
      did(READ, owned("a", 5), 6, 7),
    ];
    expect(wrong(history)).toEqual(READ);
    expect(wrong(history, { ignoresVersions: true })).toEqual(READ);
  });

  test("with a write under an old token that is accepted after the task was taken by force", () => {
    const forced: Action = { kind: "claim", agent: "b", force: true };
    const history = [did(claim("a"), won("t1"), 0, 1), did(forced, won("t2"), 2, 3)];
    expect(wrong([...history, did(progress("a", "t1"), owned("a", 4), 4, 5)])).toEqual(progress("a", "t1"));
    const session = [did(claim("a"), won("t1"), 0, 1), did(claim("a"), won("t2"), 2, 3)];
    expect(wrong([...session, did(progress("a", "t1"), owned("a", 4), 4, 5)])).toEqual(progress("a", "t1"));
  });

  test("with an effect of a killed agent before it had begun, or twice", () => {
    expect(wrong([did(READ, owned("a", 2), 0, 1), did(claim("a"), undefined, 2)])).toEqual(READ);
    const begun = did(progress("a"), undefined, 2);
    const history = [did(claim("a"), won("t1"), 0, 1), begun, did(READ, owned("a", 4), 3, 4)];
    expect(wrong(history)).toEqual(READ);
  });
});

describe("the search", () => {
  /** A register of numbers. */
  const register: Model<number, { write: number } | { read: number }> = {
    initial: 0,
    next: (state, step) => ("write" in step ? [step.write] : step.read === state ? [state] : []),
    key: String,
  };

  test("finds the one order of many overlapping writes that explains the reads", () => {
    const writes = Array.from({ length: 8 }, (_, n) => ({ step: { write: n + 1 }, start: 0, end: 100 }));
    const order = [5, 2, 8, 1, 7, 3, 6, 4];
    const reads = order.map((read, n) => ({ step: { read }, start: 10 + 2 * n, end: 11 + 2 * n }));
    expect(findViolation(register, [...writes, ...reads])).toBeUndefined();
    const again = { step: { read: 5 }, start: 40, end: 41 };
    expect(findViolation(register, [...writes, ...reads, again])?.operation).toBe(again);
  });

  test("tells what the object could have been like", () => {
    const violation = findViolation(register, [
      { step: { write: 1 }, start: 0, end: 1 },
      { step: { read: 2 }, start: 2, end: 3 },
    ]);
    expect(violation?.possible).toEqual([1]);
  });

  test("agrees with trying every order, on thousands of small histories", () => {
    let violations = 0;
    for (let n = 0; n < 3000; n++) {
      const history = Array.from({ length: 5 }, () => {
        const value = Math.floor(Math.random() * 3);
        const start = Math.floor(Math.random() * 10);
        const end = Math.random() < 0.1 ? undefined : start + Math.floor(Math.random() * 6);
        return { step: Math.random() < 0.5 ? { write: value } : { read: value }, start, end };
      });
      const found = findViolation(register, history);
      violations += found === undefined ? 0 : 1;
      expect([found === undefined, history]).toEqual([isExplained(0, history), history]);
    }
    expect(violations).toBeGreaterThan(100);
  });

  /** The definition, word for word: some operation that nothing precedes comes next, and the rest is explained too. */
  function isExplained(state: number, history: readonly Operation<{ write: number } | { read: number }>[]): boolean {
    const firstEnd = Math.min(...history.map(({ end }) => end ?? Number.POSITIVE_INFINITY));
    return (
      firstEnd === Number.POSITIVE_INFINITY ||
      history.some(
        (operation) =>
          operation.start <= firstEnd &&
          register.next(state, operation.step).some((after) =>
            isExplained(
              after,
              history.filter((other) => other !== operation),
            ),
          ),
      )
    );
  }

  test("refuses more operations under way than it can count", () => {
    const writes = Array.from({ length: 32 }, () => ({ step: { write: 1 }, start: 0 }));
    expect(() => findViolation(register, writes)).toThrow(RangeError);
  });
});

import { describe, expect, test } from "bun:test";
import { TaskError } from "../../src/domain/errors.ts";
import { scenario } from "./scenario.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;
const YEAR_MS = 365 * DAY * 1000;

/** The token of an answer by which somebody became the owner. */
function tokenOf(answer: unknown): string {
  const { lease_token } = Object(answer);
  if (typeof lease_token !== "string") {
    throw new Error(`no lease_token in ${JSON.stringify(answer)}`);
  }
  return lease_token;
}

describe("a lease", () => {
  test("is given with every way to become the owner, with a token of its own", () => {
    const claimed = scenario();
    const tokens = [tokenOf(claimed.claim("a"))];
    const saved = scenario();
    tokens.push(tokenOf(saved.checkpoint("a")));
    saved.handOff("a", { to_agent: "b" });
    tokens.push(tokenOf(saved.checkpoint("b")));
    saved.exhaust("b");
    tokens.push(tokenOf(saved.update("c", { current_owner: "c" })));
    expect(new Set(tokens).size).toBe(4);
    expect(saved.view().task.lease).toMatchObject({ seconds: HOUR, left: HOUR });
  });

  test("protects the owner until it has run out; then anyone may claim, and the late owner is told who did", () => {
    const task = scenario();
    const token = tokenOf(task.claim("a"));
    expect(task.claim("b")).toMatchObject({
      code: "not_owner",
      details: { current_owner: "a", lease_seconds_left: HOUR },
    });
    task.pass(HOUR - 10);
    expect(task.claim("b")).toMatchObject({ code: "not_owner" });
    task.pass(20);
    expect(task.claim("b")).toMatchObject({ status: "in_progress", current_owner: "b" });
    expect(task.view().task.predecessor).toMatchObject({ agent: "a", how: "lapsed" });
    for (const late of [
      task.checkpoint("a"),
      task.checkpoint("a", { context: "x" }, token),
      task.exhaust("a", {}, token),
    ]) {
      expect(late).toMatchObject({ code: "lease_lost", details: { current_owner: "b" } });
      expect(String(late)).toContain('"b"');
    }
    expect(task.view().progress.context).toBeUndefined();
  });

  test("is renewed by every write of the owner, one that changes nothing too, and by nobody else's", () => {
    const task = scenario();
    task.claim("a");
    task.checkpoint("a", { context: "same" });
    task.pass(HOUR / 2);
    const { version } = task.view().task;
    expect(task.checkpoint("a", { context: "same" })).toMatchObject({ version });
    task.pass(HOUR / 2 + 60);
    task.update("b", { title: "Edited" });
    expect(task.view().task.lease?.left).toBeLessThan(HOUR / 2);
    expect(task.claim("b")).toBeInstanceOf(TaskError);
  });

  test("that has run out does not stop its owner while nobody has claimed, but a stranger's checkpoint never claims", () => {
    const task = scenario();
    const token = tokenOf(task.claim("a"));
    task.pass(2 * HOUR);
    expect(task.view().task.lease?.left).toBe(0);
    expect(task.checkpoint("b")).toMatchObject({ code: "not_owner" });
    expect(task.checkpoint("a", { context: "late" }, token)).toMatchObject({ current_owner: "a" });
    expect(task.view().task.lease?.left).toBe(HOUR);
  });

  test("a claim by the present owner is a new session: the older token is stale", () => {
    const task = scenario();
    const first = tokenOf(task.claim("a"));
    const second = tokenOf(task.claim("a"));
    expect(second).not.toBe(first);
    expect(task.checkpoint("a", {}, first)).toMatchObject({ code: "lease_lost" });
    expect(task.checkpoint("a", {}, second)).toMatchObject({ current_owner: "a" });
    expect(task.checkpoint("a")).toMatchObject({ current_owner: "a" });
  });

  test("a stale token is refused by every command, and nothing is written", () => {
    const task = scenario();
    const token = tokenOf(task.claim("a"));
    task.handOff("a", { to_agent: "b" }, token);
    task.claim("b");
    const before = task.view().task.version;
    const late = [
      task.checkpoint("a", { context: "x" }, token),
      task.handOff("a", { to_agent: "c" }, token),
      task.exhaust("a", {}, token),
      task.update("a", { title: "x" }, token),
      task.update("a", { status: "done" }, token),
      task.update("b", { status: "done" }, token),
    ];
    for (const refused of late) {
      expect(refused).toMatchObject({ code: "lease_lost", details: { current_owner: "b" } });
    }
    expect(task.view().task.version).toBe(before);
  });

  test("a repeat of what made a token stale is acknowledged", () => {
    const done = scenario();
    const own = tokenOf(done.claim("a"));
    const first = done.update("a", { status: "done", expected_version: 2 }, own);
    expect(done.update("a", { status: "done", expected_version: 2 }, own)).toEqual(first);
    const offered = scenario();
    const mine = tokenOf(offered.claim("a"));
    const once = offered.handOff("a", { to_agent: "b", reason: "r" }, mine);
    expect(offered.handOff("a", { to_agent: "b", reason: "r" }, mine)).toEqual(once);
    const spent = scenario();
    const last = tokenOf(spent.claim("a"));
    const said = spent.exhaust("a", { reason: "quota", resume_prompt: "p" }, last);
    expect(spent.exhaust("a", { reason: "quota", resume_prompt: "p" }, last)).toEqual(said);
  });

  test("the first write's repeat is given the same token", () => {
    const task = scenario();
    const once = task.checkpoint("a", { context: "x" });
    expect(task.checkpoint("a", { context: "x" })).toEqual(once);
    expect(tokenOf(once)).toBe(tokenOf(task.checkpoint("a", { context: "x" })));
  });
});

describe("time", () => {
  test.each([
    ["back six years", -6 * YEAR_MS],
    ["forward one year", YEAR_MS],
  ])("a wall clock set %s within one boot neither frees nor freezes a task", (_, milliseconds) => {
    const task = scenario();
    task.claim("a");
    task.clock.wall += milliseconds;
    expect(task.claim("b")).toMatchObject({ code: "not_owner" });
    task.pass(HOUR + 60);
    expect(task.claim("b")).toMatchObject({ current_owner: "b" });
    const offered = scenario();
    offered.handOff("a", { to_agent: "b" });
    offered.clock.wall += milliseconds;
    expect(offered.claim("c")).toMatchObject({ code: "not_owner" });
    offered.pass(DAY + 60);
    expect(offered.claim("c")).toMatchObject({ current_owner: "c" });
  });

  test("after a reboot, and where no boot can be told, the wall clock counts", () => {
    for (const boot_id of ["boot-2", undefined]) {
      const task = scenario();
      task.claim("a");
      task.clock.boot_id = boot_id;
      task.clock.uptime = 5;
      expect(task.claim("b")).toMatchObject({ code: "not_owner" });
      task.pass(HOUR + 60);
      expect(task.claim("b")).toMatchObject({ current_owner: "b" });
    }
  });

  test("the last second is the owner's: uptimes are whole seconds", () => {
    const task = scenario();
    task.claim("a");
    task.clock.uptime += HOUR - 1;
    expect(task.view().task.lease?.left).toBe(2);
    task.clock.uptime += 1;
    expect(task.view().task.lease?.left).toBe(1);
    task.clock.uptime += 1;
    expect(task.view().task.lease?.left).toBe(0);
  });
});

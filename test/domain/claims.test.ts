import { describe, expect, test } from "bun:test";
import { scenario } from "./scenario.ts";

const DAY = 86_400;

describe("claim_task", () => {
  test("with force and a reason takes any task, and the history says so", () => {
    const task = scenario();
    task.claim("a");
    expect(task.claim("b", { force: true })).toMatchObject({ code: "invalid" });
    expect(task.claim("b", { force: true, reason: "a is gone" })).toMatchObject({ current_owner: "b" });
    expect(task.events.at(-1)).toMatchObject({ effects: ["claim_forced"], changes: { reason: { new: "a is gone" } } });
    expect(task.view().task.predecessor).toMatchObject({ agent: "a", how: "forced", reason: "a is gone" });
    expect(task.checkpoint("a")).toMatchObject({ code: "lease_lost" });
    task.handOff("b", { to_agent: "c" });
    expect(task.claim("d", { force: true, reason: "c is gone" })).toMatchObject({ current_owner: "d" });
    task.update("d", { status: "done" });
    expect(task.claim("e", { force: true, reason: "r" })).toMatchObject({ code: "illegal_transition" });
  });

  test("accepts, withdraws, takes an open offer and an exhausted task, and remembers whom they came from", () => {
    const task = scenario();
    task.checkpoint("a");
    task.handOff("a", { to_agent: "b", reason: "context" });
    expect(task.claim("c")).toMatchObject({ code: "not_owner" });
    expect(task.claim("a")).toMatchObject({ current_owner: "a" });
    expect(task.events.at(-1)?.effects).toEqual(["handoff_withdrawn"]);
    task.handOff("a", { to_agent: "b", reason: "context" });
    expect(task.claim("B")).toMatchObject({ status: "in_progress" });
    expect(task.view().task.predecessor).toMatchObject({ agent: "a", how: "handoff", reason: "context" });
    task.exhaust("b", { reason: "rate_limit" });
    expect(task.claim("c")).toMatchObject({ current_owner: "c" });
    expect(task.view().task.predecessor).toMatchObject({ agent: "b", how: "exhausted", reason: "rate_limit" });
    task.handOff("c");
    expect(task.claim("d")).toMatchObject({ current_owner: "d" });
  });

  test("an offer that its addressee let lapse is open to all, and nobody's", () => {
    const task = scenario();
    task.handOff("a", { to_agent: "b" });
    task.pass(DAY + 60);
    expect(task.view().task).toMatchObject({ status: "handoff_ready", current_owner: undefined });
    expect(task.view().task.handoff).toMatchObject({ lapsed_for: "b" });
    expect(task.claim("c")).toMatchObject({ current_owner: "c" });
  });

  test("attempts are counted per agent, and a task bounced more than four times between two says so", () => {
    const task = scenario();
    task.claim("a");
    const warnings: unknown[] = [];
    for (let passage = 1; passage <= 5; passage++) {
      const [from, to] = passage % 2 === 1 ? ["a", "b"] : ["b", "a"];
      task.handOff(from, { to_agent: to });
      warnings.push(Object(task.claim(to)).warning);
    }
    expect(warnings.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined]);
    expect(warnings[4]).toContain("5 times");
    expect(task.view().task.attempts).toEqual([
      { agent: "a", count: 3 },
      { agent: "b", count: 3 },
    ]);
    expect(Object(task.checkpoint("b")).warning).toContain('"a"');
    task.handOff("b", { to_agent: "c" });
    expect(Object(task.claim("c")).warning).toBeUndefined();
  });
});

describe("progress", () => {
  test("remembers who wrote each field of it, when", () => {
    const task = scenario();
    task.checkpoint("a", { completed_steps: ["one"], resume_prompt: "go on" });
    task.handOff("a", { to_agent: "b" });
    task.checkpoint("b", { completed_steps: ["one", "two"] });
    const { origins } = task.view().checkpoint ?? {};
    expect(origins?.completed_steps?.agent).toBe("b");
    expect(origins?.resume_prompt?.agent).toBe("a");
    expect(origins?.context).toBeUndefined();
  });
});

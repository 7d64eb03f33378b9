import type { Orders } from "./orders.ts";
import type { Action, Step } from "./task-model.ts";

/** What to do next; without a task, to whichever is next. */
export interface Choice {
  task: string | undefined;
  action: Action;
}

/** Cumulated parts of all operations; the rest is progress. */
const PARTS = { read: 0.8, claim: 0.88, offer: 0.93, release: 0.96 };

/** The part of writes that carry the last token this agent was given for the task, however stale. */
const WITH_TOKEN = 0.5;

/** The part of writes, but claims, that go to a task this agent believes it has: the others are refused as a rule. */
const ON_OWN = 0.3;

/** Chances on any of the tasks, for one agent, who remembers every token it was given. */
export function createDice(agent: string, { tasks, agents, force = 0 }: Pick<Orders, "tasks" | "agents" | "force">) {
  const tokens = new Map<string, string>();
  const held = new Set<string>();
  const others = Array.from({ length: agents }, (_, n) => `agent-${n}`).filter((other) => other !== agent);
  const pick = (from: readonly string[]) => from[Math.floor(Math.random() * from.length)];

  function actionOn(task: string): Action {
    const part = Math.random();
    const token = Math.random() < WITH_TOKEN ? tokens.get(task) : undefined;
    if (part < PARTS.read) {
      return { kind: "read" };
    }
    if (part < PARTS.claim) {
      return { kind: "claim", agent, ...(Math.random() < force && { force: true }) };
    }
    if (part < PARTS.offer) {
      return { kind: "offer", agent, to: Math.random() < 0.3 ? undefined : pick(others), token };
    }
    return { kind: part < PARTS.release ? "release" : "progress", agent, token };
  }

  return {
    next(): Choice {
      const task = `task-${Math.floor(Math.random() * tasks)}`;
      const action = actionOn(task);
      const own = Math.random() < ON_OWN ? pick([...held]) : undefined;
      return own === undefined || action.kind === "read" || action.kind === "claim"
        ? { task, action }
        : { task: own, action: { ...action, token: tokens.get(own) } };
    },
    /** Tells what became of a choice. */
    heard(task: string, { action, outcome }: Step): void {
      if (outcome?.token !== undefined) {
        tokens.set(task, outcome.token);
        held.add(task);
      } else if (outcome?.refused === "lease_lost" || action.kind === "release" || action.kind === "offer") {
        held.delete(task);
      }
    },
  };
}

import { describe, expect, test } from "bun:test";
import { claimTask } from "../../src/domain/claim-task.ts";
import { isNextFor, isOpenTo } from "../../src/domain/claimable.ts";
import { TaskError } from "../../src/domain/errors.ts";
import type { Task } from "../../src/domain/task.ts";
import type { Store } from "../../src/store/store.ts";
import { create, grant, update } from "./commands.ts";
import { claim, exhaust, offer, type TestClock, testClock } from "./contract-next.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;

/** How a task may stand: what has happened to it since it was created. */
const STATES: Readonly<Record<string, (store: Store, clock: TestClock) => Promise<unknown>>> = {
  open: async () => undefined,
  "at work": (store) => claim(store, "t", "a"),
  "at work, its lease run out": async (store, clock) => {
    await claim(store, "t", "a");
    clock.pass(HOUR + 1);
  },
  offered: (store) => offer(store, "t", "a", "B"),
  "offered, and run out": async (store, clock) => {
    await offer(store, "t", "a", "b");
    clock.pass(DAY + 1);
  },
  "offered to all": (store) => offer(store, "t", "a"),
  exhausted: async (store) => {
    await claim(store, "t", "a");
    await exhaust(store, "t", "a");
  },
  "exhausted, and reset": async (store, clock) => {
    await claim(store, "t", "a");
    await exhaust(store, "t", "a", new Date(clock.now().wall + 60_000).toISOString());
    clock.pass(61);
  },
  done: async (store) => {
    await claim(store, "t", "a");
    await update(store, "t", { status: "done" });
  },
  cancelled: (store) => update(store, "t", { status: "cancelled" }),
};

/** Thrown where a task would be claimed, so that it stays as it is. */
const TAKEN = new Error("taken");

const deed = (agent: string, { now }: TestClock) => ({
  command: "claim_task",
  agent,
  grant: grant(),
  now: now(),
});

async function peeked(store: Store): Promise<Task> {
  const task = await store.peek("t");
  if (task === undefined) {
    throw new Error("the task is gone");
  }
  return task;
}

/** What calls that wait need of a store, whatever the backend. */
export function describeWaiting(name: string, open: (clock: TestClock) => Promise<Store>): void {
  describe(`${name}: for calls that wait`, () => {
    test("peek answers the task that find does, and nothing for an unknown one", async () => {
      const store = await open(testClock());
      await create(store, { task_id: "t" });
      await claim(store, "t", "a");
      expect(await store.peek("t")).toEqual((await store.find("t"))?.task);
      expect(await store.peek("nope")).toBeUndefined();
    });

    test.each(Object.entries(STATES))("a task that is %s is wanted by those who can claim it", async (_, happen) => {
      const clock = testClock();
      const store = await open(clock);
      await create(store, { task_id: "t", repo_path: "/r" });
      await happen(store, clock);
      const task = await peeked(store);
      for (const agent of ["a", "b", "c"]) {
        for (const repo_path of [undefined, "*", "/r", "/s"]) {
          const next = store.writeNext({
            agent,
            repo_path,
            decide() {
              throw TAKEN;
            },
          });
          const found = (await next.catch((error) => error)) === TAKEN;
          expect({ agent, repo_path, wanted: isNextFor(task, agent, repo_path) }).toEqual({
            agent,
            repo_path,
            wanted: found,
          });
        }
        const one = store.write({
          select: { task_id: "t" },
          decide(view) {
            claimTask(view, {}, deed(agent, clock));
            throw TAKEN;
          },
        });
        const refusal: unknown = await one.catch((error) => error);
        const held = refusal instanceof TaskError && refusal.code === "not_owner";
        expect({ agent, open: isOpenTo(task, agent) }).toEqual({ agent, open: !held });
      }
    });

    test("tells which leases and offers have run out lately, however often it is asked", async () => {
      const clock = testClock();
      const store = await open(clock);
      await create(store, { task_id: "early" });
      await claim(store, "early", "a");
      clock.pass(10);
      await create(store, { task_id: "late" });
      await claim(store, "late", "a");
      await create(store, { task_id: "offered" });
      await offer(store, "offered", "a", "b");
      expect(await store.lapsedWithin(DAY)).toEqual([]);
      clock.pass(HOUR);
      expect(await store.lapsedWithin(60)).toEqual(["early"]);
      expect(await store.secondsToLapse()).toBe(1);
      clock.pass(1);
      expect(await store.lapsedWithin(60)).toEqual(["early", "late"]);
      expect(await store.lapsedWithin(5)).toEqual(["late"]);
      await claim(store, "late", "c");
      expect(await store.lapsedWithin(60)).toEqual(["early"]);
      clock.pass(DAY - HOUR);
      expect(await store.lapsedWithin(60)).toEqual(["offered"]);
    });

    test("tells when an exhausted agent's limit is reset, as long as the task is nobody's", async () => {
      const clock = testClock();
      const store = await open(clock);
      const resetIn = (seconds: number) => new Date(clock.now().wall + 1000 * seconds).toISOString();
      for (const [task_id, resets_at] of [
        ["soon", resetIn(30.5)],
        ["later", resetIn(90)],
        ["never", undefined],
        ["taken", resetIn(10)],
      ] as const) {
        await create(store, { task_id });
        await claim(store, task_id, "a");
        await exhaust(store, task_id, "a", resets_at);
      }
      expect(await store.secondsToLapse()).toBe(10);
      await claim(store, "taken", "b");
      expect(await store.secondsToLapse()).toBe(30.5);
      expect(await store.lapsedWithin(DAY)).toEqual([]);
      clock.pass(30.5);
      expect(await store.lapsedWithin(1)).toEqual(["soon"]);
      expect(await store.secondsToLapse()).toBe(59.5);
      clock.pass(59.5);
      expect(await store.lapsedWithin(1)).toEqual(["later"]);
      expect(await store.lapsedWithin(60)).toEqual(["soon", "later"]);
      // The lease of the one that was taken.
      expect(await store.secondsToLapse()).toBe(HOUR + 1 - 90);
    });

    test("a command whose signal is aborted is not begun, and rejects with the reason", async () => {
      const store = await open(testClock());
      await create(store, { task_id: "t" });
      const signal = AbortSignal.abort(new Error("cancelled"));
      const decide = () => {
        throw new Error("begun");
      };
      await expect(store.write({ select: { task_id: "t" }, decide, signal })).rejects.toThrow("cancelled");
      await expect(store.writeNext({ agent: "a", repo_path: "*", decide, signal })).rejects.toThrow("cancelled");
      await expect(store.create({ task_id: "new", decide, signal })).rejects.toThrow("cancelled");
    });
  });
}

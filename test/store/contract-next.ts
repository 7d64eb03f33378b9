import { describe, expect, test } from "bun:test";
import { claimTask } from "../../src/domain/claim-task.ts";
import { handOff, markExhausted } from "../../src/domain/handoff.ts";
import type { Instant } from "../../src/domain/instant.ts";
import type { Store } from "../../src/store/store.ts";
import { create, grant, update } from "./commands.ts";

/** A clock that stands still until it is set. */
export interface TestClock {
  now(): Instant;
  pass(seconds: number): void;
}

/** A clock of one boot. */
export function testClock(): TestClock {
  const now = { wall: Date.UTC(2026, 0, 1), uptime: 1000, boot_id: "boot" };
  return {
    now: () => ({ ...now }),
    pass(seconds) {
      now.wall += 1000 * seconds;
      now.uptime += seconds;
    },
  };
}

const deed = (command: string, agent: string, now: Instant) => ({ command, agent, grant: grant(), now });

/** Claims the next task for `agent` and answers its id. */
async function next(store: Store, agent: string, repo_path?: string): Promise<string | undefined> {
  const claimed = await store.writeNext({
    agent,
    repo_path,
    decide: (view, now) => claimTask(view, {}, deed("claim_task", agent, now)),
  });
  return claimed?.task_id;
}

/** The same command as the tool of that name, straight on a store. */
export function claim(store: Store, task_id: string, agent: string) {
  return store.write({
    select: { task_id },
    decide: (view, now) => claimTask(view, {}, deed("claim_task", agent, now)),
  });
}

/** The same command as `handoff_task`, straight on a store. */
export function offer(store: Store, task_id: string, from: string, to_agent?: string) {
  return store.write({
    select: { task_id },
    decide: (view, now) => handOff(view, { to_agent }, deed("handoff_task", from, now)),
  });
}

/** The same command as `mark_exhausted`, straight on a store. */
export function exhaust(store: Store, task_id: string, agent: string, resets_at?: string) {
  return store.write({
    select: { task_id },
    decide: (view, now) => markExhausted(view, { resets_at }, deed("mark_exhausted", agent, now)),
  });
}

/** What `writeNext` promises, whatever the backend. */
export function describeNext(name: string, open: (clock: TestClock) => Promise<Store>): void {
  describe(`${name}: the next task`, () => {
    test("is one offered to the agent; without repo_path nothing else is", async () => {
      const store = await open(testClock());
      await create(store, { task_id: "free", repo_path: "/r", priority: 0 });
      await create(store, { task_id: "mine", priority: 4 });
      await offer(store, "mine", "a", "b");
      expect(await next(store, "c")).toBeUndefined();
      expect(await next(store, " B ")).toBe("mine");
      expect(await next(store, "b")).toBeUndefined();
      expect((await store.find("mine"))?.task).toMatchObject({ status: "in_progress", current_owner: " B " });
    });

    test("goes by priority, then age, over all that may be claimed in a repository, or anywhere", async () => {
      const store = await open(testClock());
      const tasks: [string, number, string?][] = [
        ["old", 2, "/r"],
        ["new", 2, "/r"],
        ["urgent", 0, "/r"],
        ["elsewhere", 1, "/s"],
        ["nowhere", 3],
        ["given", 2, "/r"],
        ["open-offer", 2, "/r"],
        ["spent", 2, "/r"],
      ];
      for (const [task_id, priority, repo_path] of tasks) {
        await create(store, { task_id, priority, ...(repo_path && { repo_path }) });
      }
      await offer(store, "given", "a", "other");
      await offer(store, "open-offer", "a");
      await claim(store, "spent", "a");
      await exhaust(store, "spent", "a");
      const order: unknown[] = [];
      for (let taken = await next(store, "b", "/r"); taken !== undefined; taken = await next(store, "b", "/r")) {
        order.push(taken);
      }
      expect(order).toEqual(["urgent", "old", "new", "open-offer", "spent"]);
      expect([await next(store, "b", "*"), await next(store, "b", "*"), await next(store, "b", "*")]).toEqual([
        "elsewhere",
        "nowhere",
        undefined,
      ]);
    });

    test("is none that the agent let go of itself, until its limit has been reset", async () => {
      const clock = testClock();
      const store = await open(clock);
      await create(store, { task_id: "offered" });
      await offer(store, "offered", "A");
      await create(store, { task_id: "spent" });
      await claim(store, "spent", "a");
      await exhaust(store, "spent", "a", new Date(clock.now().wall + 60_000).toISOString());
      expect(await next(store, "a", "*")).toBeUndefined();
      clock.pass(61);
      expect(await next(store, "a", "*")).toBe("spent");
      expect(await next(store, "b", "*")).toBe("offered");
    });

    test("is one whose lease or offer has run out, too; an offer that has is its addressee's no more", async () => {
      const clock = testClock();
      const store = await open(clock);
      await create(store, { task_id: "left" });
      await claim(store, "left", "a");
      await create(store, { task_id: "unanswered" });
      await offer(store, "unanswered", "a", "b");
      expect(await next(store, "c", "*")).toBeUndefined();
      expect(await store.secondsToLapse()).toBe(3601);
      expect((await store.list({ owner: "b" }, { limit: 5 })).entries).toHaveLength(1);
      clock.pass(3601);
      expect(await next(store, "c", "*")).toBe("left");
      clock.pass(86_400);
      expect((await store.list({ owner: "b" }, { limit: 5 })).entries).toEqual([]);
      expect((await store.find("unanswered"))?.task.current_owner).toBeUndefined();
      expect(await next(store, "b")).toBeUndefined();
      expect(await next(store, "d", "*")).toBe("left");
      expect(await next(store, "d", "*")).toBe("unanswered");
    });

    test("a lease renewed by a write that changes nothing is kept, without a new version", async () => {
      const clock = testClock();
      const store = await open(clock);
      await create(store, { task_id: "t" });
      await claim(store, "t", "a");
      clock.pass(3000);
      expect(await update(store, "t", { priority: 2 })).toMatchObject({ version: 2 });
      clock.pass(3000);
      expect((await store.find("t"))?.task.lease?.left).toBe(601);
      await expect(claim(store, "t", "b")).rejects.toMatchObject({ code: "not_owner" });
      expect((await store.history("t", { limit: 9 })).entries).toHaveLength(2);
    });
  });
}

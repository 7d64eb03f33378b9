import { describe, expect, test } from "bun:test";
import { openStore } from "../../src/store/sqlite/open.ts";
import { createWaiters, type Wait, type WaitersHost } from "../../src/tools/waiters.ts";
import { create } from "../store/commands.ts";
import { claim, exhaust, testClock } from "../store/contract-next.ts";

/** A store in memory, its changes told by hand, and what the waiting asks of it. */
async function stage() {
  const clock = testClock();
  const store = await openStore(":memory:", { now: clock.now, onOutdated: () => undefined });
  const stop = new AbortController();
  const listeners = new Set<Parameters<WaitersHost["changes"]["on"]>[0]>();
  const peeks: string[] = [];
  const errors: unknown[] = [];
  const waiters = createWaiters({
    store: {
      ...store,
      peek(task_id) {
        peeks.push(task_id);
        return store.peek(task_id);
      },
    },
    changes: {
      on(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    stopping: stop.signal,
    onError: (_, error) => errors.push(error),
  });
  return {
    clock,
    store,
    stop,
    listeners,
    peeks,
    errors,
    tell(task_id: string): void {
      for (const listener of listeners) {
        listener({ task_id });
      }
    },
    /** Waits, a minute unless it says otherwise; resolves once the first attempt, which finds nothing, has been made. */
    async begin(wait: Partial<Wait<string>> = {}) {
      const { signal } = new AbortController();
      const begun = Promise.withResolvers<void>();
      let attempts = 0;
      const outcome = waiters.wait<string>({
        wanted: () => true,
        seconds: 60,
        signal,
        ...wait,
        async attempt() {
          attempts++;
          begun.resolve();
          return attempts === 1 ? undefined : wait.attempt?.();
        },
      });
      outcome.catch(() => undefined);
      await begun.promise;
      return { outcome, attempts: () => attempts };
    },
    waiters,
  };
}

/** Resolves when everything that can happen without time passing has happened. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("calls that wait", () => {
  test("are asked about a change by one read, and none that does not want the task as it stands attempts anything", async () => {
    const { store, tell, begin, peeks } = await stage();
    await create(store, { task_id: "t" });
    const all = await Promise.all(
      Array.from({ length: 500 }, () => begin({ wanted: ({ status }) => status === "done" })),
    );
    tell("t");
    await settled();
    expect(peeks).toEqual(["t"]);
    expect(all.map(({ attempts }) => attempts())).toEqual(all.map(() => 1));
  });

  test("get a task by turns, the longest waiting first, until nobody wants it as it stands", async () => {
    const { store, tell, begin, peeks } = await stage();
    await create(store, { task_id: "t" });
    const takes = (agent: string) => ({
      wanted: ({ status }: { status: string }) => status === "open",
      attempt: async () => (await claim(store, "t", agent)).current_owner,
    });
    const unlucky = await begin({ wanted: ({ status }) => status === "open" });
    const winner = await begin(takes("first"));
    const rest = await Promise.all(Array.from({ length: 20 }, (_, n) => begin(takes(`later-${n}`))));
    tell("t");
    expect(await winner.outcome).toBe("first");
    await settled();
    expect([unlucky.attempts(), winner.attempts()]).toEqual([2, 2]);
    expect(rest.map(({ attempts }) => attempts())).toEqual(rest.map(() => 1));
    expect(peeks).toEqual(["t", "t", "t"]);
  });

  test("of several changes at once each has its effect, and of one task's several in one turn one", async () => {
    const { store, tell, begin, peeks } = await stage();
    await create(store, { task_id: "t1" });
    await create(store, { task_id: "t2" });
    const [first, second] = [
      await begin({ wanted: ({ task_id }) => task_id === "t1", attempt: async () => "one" }),
      await begin({ wanted: ({ task_id }) => task_id === "t2", attempt: async () => "two" }),
    ];
    for (const task_id of ["t1", "t2", "t2", "t2"]) {
      tell(task_id);
    }
    expect([await first.outcome, await second.outcome]).toEqual(["one", "two"]);
    expect(peeks.length).toBeLessThanOrEqual(3);
  });

  test("listen to changes only while somebody waits, however the wait ends", async () => {
    const { store, tell, begin, listeners, stop } = await stage();
    await create(store, { task_id: "t" });
    const [cancel, leave] = [new AbortController(), new AbortController()];
    const answered = await begin({ attempt: async () => "got" });
    const failed = await begin({
      async attempt() {
        throw new Error("refused");
      },
    });
    const cancelled = await begin({ signal: cancel.signal });
    const left = await begin({ leaving: leave.signal });
    const timedOut = await begin({ seconds: 0.001 });
    const stopped = await begin();
    expect(listeners.size).toBe(1);
    tell("t");
    expect(await answered.outcome).toBe("got");
    await expect(failed.outcome).rejects.toThrow("refused");
    cancel.abort("cancelled");
    await expect(cancelled.outcome).rejects.toBe("cancelled");
    leave.abort();
    expect(await left.outcome).toBeUndefined();
    expect(await timedOut.outcome).toBeUndefined();
    expect(listeners.size).toBe(1);
    stop.abort();
    expect(await stopped.outcome).toBeUndefined();
    expect(listeners.size).toBe(0);
  });

  test("make a last attempt when their time is up, and none when nobody is there or the server ends", async () => {
    const { begin, stop } = await stage();
    const leave = new AbortController();
    const attempt = async () => "got";
    const timedOut = await begin({ seconds: 0.001, attempt });
    expect(await timedOut.outcome).toBe("got");
    const left = await begin({ leaving: leave.signal, attempt });
    leave.abort();
    const stopped = await begin({ attempt });
    stop.abort();
    expect([await left.outcome, await stopped.outcome]).toEqual([undefined, undefined]);
    expect([left.attempts(), stopped.attempts()]).toEqual([1, 1]);
  });

  test("are given what an attempt under way brings, even if they are to end meanwhile", async () => {
    const { store, tell, begin, stop } = await stage();
    await create(store, { task_id: "t" });
    const attempted = Promise.withResolvers<void>();
    const brought = Promise.withResolvers<string>();
    const { outcome } = await begin({
      attempt() {
        attempted.resolve();
        return brought.promise;
      },
    });
    tell("t");
    await attempted.promise;
    stop.abort();
    brought.resolve("got");
    expect(await outcome).toBe("got");
  });

  test("do not begin where the call is cancelled already, nobody is there, or the server is ending", async () => {
    const { waiters, stop, listeners } = await stage();
    const attempt = () => Promise.reject(new Error("attempted"));
    const wait = { wanted: () => true, attempt, seconds: 60, signal: new AbortController().signal };
    await expect(waiters.wait({ ...wait, signal: AbortSignal.abort("cancelled") })).rejects.toBe("cancelled");
    expect(await waiters.wait({ ...wait, leaving: AbortSignal.abort() })).toBeUndefined();
    stop.abort();
    expect(await waiters.wait(wait)).toBeUndefined();
    expect(listeners.size).toBe(0);
  });

  test("are told of a lease that runs out, which no change tells of", async () => {
    const { clock, store, begin } = await stage();
    await create(store, { task_id: "t" });
    await claim(store, "t", "a");
    clock.pass(3600.9);
    const { outcome } = await begin({
      wanted: ({ lease }) => lease?.left === 0,
      attempt: async () => (await claim(store, "t", "b")).current_owner,
    });
    clock.pass(0.2);
    expect(await outcome).toBe("b");
  });

  test("are told of a limit that is reset, which no change tells of either", async () => {
    const { clock, store, begin } = await stage();
    await create(store, { task_id: "t" });
    await claim(store, "t", "a");
    await exhaust(store, "t", "a", new Date(clock.now().wall + 60_000).toISOString());
    clock.pass(59.9);
    const { outcome } = await begin({ attempt: async () => (await claim(store, "t", "a")).current_owner });
    clock.pass(0.2);
    expect(await outcome).toBe("a");
  });

  test("wait on where a change cannot be read, which is reported", async () => {
    const { tell, begin, errors, store } = await stage();
    await create(store, { task_id: "t" });
    let broken = true;
    const { outcome } = await begin({
      wanted() {
        if (broken) {
          throw new Error("broken");
        }
        return true;
      },
      attempt: async () => "got",
    });
    tell("t");
    await settled();
    expect(errors).toEqual([new Error("broken")]);
    broken = false;
    tell("t");
    expect(await outcome).toBe("got");
  });
});

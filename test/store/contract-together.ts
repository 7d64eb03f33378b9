import { describe, expect, test } from "bun:test";
import { saveCheckpoint } from "../../src/domain/save-checkpoint.ts";
import type { Store } from "../../src/store/store.ts";
import { checkpoint, create, grant, update } from "./commands.ts";

/** What a store promises of writes that arrive together. `onCommit` is called once a COMMIT. */
export function describeTogether(name: string, open: (onCommit: () => void) => Promise<Store>): void {
  describe(`${name}: writes that arrive together`, () => {
    test("share commits, each sees the one before, and each is answered with its own", async () => {
      let commits = 0;
      const store = await open(() => commits++);
      await create(store, { task_id: "t" });
      commits = 0;
      const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => checkpoint(store, "t", [`step ${n}`])));
      expect(answers.map(({ version }) => version)).toEqual(Array.from({ length: 200 }, (_, n) => n + 2));
      expect(commits).toBeLessThan(100);
      expect(commits).toBeGreaterThanOrEqual(Math.ceil(200 / 64));
      expect((await store.history("t", { limit: 300 })).entries).toHaveLength(201);
    });

    test("a failing one undoes itself alone, even where it had begun to write", async () => {
      const store = await open(() => undefined);
      await create(store, { task_id: "t" });
      const half = (step: string) =>
        store.write({
          select: { task_id: "t" },
          decide(view, now) {
            const deed = { command: "save_checkpoint", agent: "a", grant: grant(), now };
            const decision = saveCheckpoint(view, { completed_steps: [step] }, deed);
            const event = decision.change?.event;
            // The event's row cannot be written: its version is taken.
            return step === "bad" && decision.change !== undefined && event !== undefined
              ? { ...decision, change: { ...decision.change, event: { ...event, version: 1 } } }
              : decision;
          },
        });
      const settled = await Promise.allSettled(["one", "two", "bad", "three", "bad", "four"].map(half));
      expect(settled.map(({ status }) => status)).toEqual([
        "fulfilled",
        "fulfilled",
        "rejected",
        "fulfilled",
        "rejected",
        "fulfilled",
      ]);
      expect((await store.find("t"))?.task).toMatchObject({ version: 5, checkpoint_count: 4 });
      expect((await store.find("t"))?.progress.completed_steps).toEqual(["four"]);
    });

    test("a read sees what was sent before it, and a refused or cancelled one is no obstacle", async () => {
      const store = await open(() => undefined);
      await create(store, { task_id: "t" });
      const cancelled = new AbortController();
      const writes = [
        checkpoint(store, "t", ["one"]),
        checkpoint(store, "t", ["two"]),
        checkpoint(store, "nope", ["lost"]).catch(({ code }) => code),
        store
          .write({
            select: { task_id: "t" },
            signal: cancelled.signal,
            decide: () => {
              throw new Error("decided, though it was cancelled before");
            },
          })
          .catch((reason) => reason),
        update(store, "t", { title: "New" }),
      ];
      cancelled.abort("gone");
      const seen = await store.find("t");
      expect(seen?.task).toMatchObject({ title: "New", version: 4 });
      expect(await Promise.all(writes)).toMatchObject([
        { version: 2 },
        { version: 3 },
        "not_found",
        "gone",
        { version: 4 },
      ]);
    });

    test("a read among them sees those before it, and none after", async () => {
      const store = await open(() => undefined);
      await create(store, { task_id: "t" });
      const seen: Promise<number | undefined>[] = [];
      const writes = Array.from({ length: 100 }, (_, n) => {
        const write = checkpoint(store, "t", [`step ${n}`]);
        seen.push(store.find("t").then((view) => view?.task.version));
        return write;
      });
      await Promise.all(writes);
      expect(await Promise.all(seen)).toEqual(Array.from({ length: 100 }, (_, n) => n + 2));
    });

    test("a lone write is made before the call returns", async () => {
      const store = await open(() => undefined);
      await create(store, { task_id: "t" });
      await new Promise((resolve) => setImmediate(resolve));
      let decided = false;
      const answer = store.write({
        select: { task_id: "t" },
        decide(view) {
          decided = true;
          return { answer: view.task.version };
        },
      });
      expect(decided).toBe(true);
      expect(await answer).toBe(1);
    });

    test("closing waits for what was sent before", async () => {
      const store = await open(() => undefined);
      await create(store, { task_id: "t" });
      const writes = Array.from({ length: 20 }, (_, n) => checkpoint(store, "t", [`step ${n}`]));
      await store.close();
      expect((await Promise.all(writes)).at(-1)).toMatchObject({ version: 21 });
    });
  });
}

import { describe, expect, test } from "bun:test";
import type { Store } from "../../src/store/store.ts";
import { attach, checkpoint, create, update } from "./commands.ts";

/** What every Store must tell of its changes; part of the contract. */
export function describeChanges(name: string, open: () => Promise<Store>): void {
  describe(`${name}: changes`, () => {
    test("changes of all tasks are told in the order of their commits, each with its task's version", async () => {
      const store = await open();
      await create(store, { task_id: "one" });
      await create(store, { task_id: "two" });
      await update(store, "one", { title: "New" });
      await checkpoint(store, "two", ["step"]);
      await attach(store, "one", { artifact_id: "a1", name: "log", sha256: "1" });
      const changes = await store.changesSince(0, 9);
      expect(changes.map(({ seq: _, ...change }) => change)).toEqual([
        { task_id: "one", version: 1, created: true },
        { task_id: "two", version: 1, created: true },
        { task_id: "one", version: 2, created: false },
        { task_id: "two", version: 2, created: false },
        { task_id: "one", version: 3, created: false },
      ]);
      const seqs = changes.map(({ seq }) => seq);
      expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
    });

    test("changes are told from any place on, at most as many as asked for", async () => {
      const store = await open();
      await create(store, { task_id: "t" });
      for (let n = 0; n < 6; n++) {
        await checkpoint(store, "t", [`step ${n}`]);
      }
      const all = await store.changesSince(0, 99);
      expect(all).toHaveLength(7);
      for (const [index, { seq }] of all.entries()) {
        expect(await store.changesSince(seq, 2)).toEqual(all.slice(index + 1, index + 3));
      }
    });

    test("what is refused or changes nothing is no change", async () => {
      const store = await open();
      await create(store, { task_id: "t" });
      const before = await store.latestChange();
      await create(store, { task_id: "t" });
      await update(store, "t", { title: "Title" });
      await expect(update(store, "nope", { title: "New" })).rejects.toMatchObject({ code: "not_found" });
      await expect(create(store, { task_id: "t", title: "Other" })).rejects.toMatchObject({ code: "conflict" });
      expect(await store.latestChange()).toBe(before);
      expect(await store.changesSince(0, 9)).toHaveLength(1);
      await update(store, "t", { title: "New" });
      expect(await store.changesSince(before, 9)).toMatchObject([{ task_id: "t", version: 2 }]);
    });

    test("the latest change is 0 at first, then the newest, and none that was begun after the question", async () => {
      const store = await open();
      expect(await store.latestChange()).toBe(0);
      const [asked] = await Promise.all([store.latestChange(), create(store, { task_id: "t" })]);
      expect(asked).toBe(0);
      await checkpoint(store, "t", ["one"]);
      expect(await store.latestChange()).toBe((await store.changesSince(0, 9)).at(-1)?.seq ?? -1);
      expect(await store.changesSince(await store.latestChange(), 9)).toEqual([]);
    });

    test("whether there are changes is told at once", async () => {
      const store = await open();
      expect(store.changedSince(0)).toBe(false);
      await create(store, { task_id: "t" });
      expect(store.changedSince(0)).toBe(true);
      const newest = await store.latestChange();
      expect([store.changedSince(newest - 1), store.changedSince(newest)]).toEqual([true, false]);
    });
  });
}

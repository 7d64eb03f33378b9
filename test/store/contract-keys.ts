import { describe, expect, test } from "bun:test";
import { claimTask } from "../../src/domain/claim-task.ts";
import type { IdempotencyKey } from "../../src/domain/idempotency.ts";
import type { Store } from "../../src/store/store.ts";
import { attach, checkpoint, create, grant, update } from "./commands.ts";

const KEY: IdempotencyKey = { key: "k", caller: "a", tool: "save_checkpoint", args_hash: "1" };

/** The store as a call sees it that carries `key`. */
export function under(store: Store, key: Partial<IdempotencyKey> = {}): Store {
  const whole = { ...KEY, ...key };
  return {
    ...store,
    write: (command) => store.write({ ...command, key: whole }),
    writeNext: (command) => store.writeNext({ ...command, key: whole }),
    create: (command) => store.create({ ...command, key: whole }),
  };
}

/** How many changes were ever made. */
const changes = async (store: Store) => (await store.changesSince(0, 999)).length;

/** What every Store must do with idempotency keys; part of the contract. */
export function describeKeys(name: string, open: () => Promise<Store>): void {
  describe(`${name}: idempotency keys`, () => {
    test("a key again is answered the same, and nothing is done, whatever has happened since", async () => {
      const store = await open();
      await create(store, { task_id: "t" });
      const first = await checkpoint(under(store), "t", ["one"]);
      await checkpoint(store, "t", ["one", "two"]);
      const before = await changes(store);
      expect(await checkpoint(under(store), "t", ["one"])).toEqual(JSON.parse(JSON.stringify(first)));
      expect(await changes(store)).toBe(before);
      expect((await store.find("t"))?.progress.completed_steps).toEqual(["one", "two"]);
    });

    test("a creation under a key is answered again, whichever id the repeat would give", async () => {
      const store = await open();
      const first = await create(under(store), { task_id: "first" });
      expect(await create(under(store), { task_id: "second" })).toEqual(first);
      expect(await store.find("second")).toBeUndefined();
    });

    test("an artifact under a key keeps its first id", async () => {
      const store = await open();
      await create(store, { task_id: "t" });
      await attach(under(store), "t", { artifact_id: "a1", name: "log", sha256: "1" });
      const again = await attach(under(store), "t", { artifact_id: "a2", name: "log", sha256: "2" });
      expect(again.artifact).toMatchObject({ artifact_id: "a1", sha256: "1" });
      expect((await store.find("t"))?.artifacts).toHaveLength(1);
    });

    test("a key with other arguments is a conflict, and nothing is done", async () => {
      const store = await open();
      await create(store, { task_id: "t" });
      await checkpoint(under(store), "t", ["one"]);
      const other = checkpoint(under(store, { args_hash: "2" }), "t", ["two"]);
      await expect(other).rejects.toMatchObject({ code: "conflict" });
      await expect(store.answerTo({ ...KEY, args_hash: "2" })).rejects.toMatchObject({ code: "conflict" });
      expect(await store.find("t")).toMatchObject({ task: { version: 2 }, progress: { completed_steps: ["one"] } });
    });

    test("the same key of another caller, or for another tool, is another key", async () => {
      const store = await open();
      await create(store, { task_id: "t" });
      await update(under(store), "t", { title: "One" });
      expect(await update(under(store, { caller: "b" }), "t", { title: "Two" })).toMatchObject({ version: 3 });
      expect(await update(under(store, { tool: "update_task" }), "t", { title: "Three" })).toMatchObject({
        version: 4,
      });
      expect(await update(under(store), "t", { title: "One" })).toMatchObject({ version: 2 });
      expect((await store.find("t"))?.task.title).toBe("Three");
    });

    test("what is refused leaves no key: the same call is tried again", async () => {
      const store = await open();
      await expect(checkpoint(under(store), "t", ["one"])).rejects.toMatchObject({ code: "not_found" });
      await create(store, { task_id: "t" });
      await expect(create(under(store), { task_id: "t", title: "Other" })).rejects.toMatchObject({ code: "conflict" });
      expect(await store.answerTo(KEY)).toBeUndefined();
      expect(await checkpoint(under(store), "t", ["one"])).toMatchObject({ version: 2 });
    });

    test("a write that changes nothing keeps its key too", async () => {
      const store = await open();
      await create(store, { task_id: "t" });
      expect(await update(under(store), "t", { title: "Title" })).toMatchObject({ version: 1 });
      await update(store, "t", { title: "New" });
      expect(await update(under(store), "t", { title: "Title" })).toMatchObject({ version: 1 });
      expect((await store.find("t"))?.task.title).toBe("New");
    });

    test("the next task under a key is taken once; where there is none, no key is kept", async () => {
      const store = await open();
      const next = (from: Store) =>
        from.writeNext({
          agent: "a",
          repo_path: "*",
          decide: (view, now) => claimTask(view, {}, { command: "claim_task", agent: "a", grant: grant(), now }),
        });
      expect(await next(under(store))).toBeUndefined();
      expect(await store.answerTo(KEY)).toBeUndefined();
      await create(store, { task_id: "one" });
      await create(store, { task_id: "two" });
      const first = await next(under(store));
      expect(first).toMatchObject({ task_id: "one" });
      expect(JSON.stringify(await next(under(store)))).toBe(JSON.stringify(first));
      expect((await store.find("two"))?.task.status).toBe("open");
      expect(await next(store)).toMatchObject({ task_id: "two" });
    });

    test("the answer to a key can be asked for", async () => {
      const store = await open();
      expect(await store.answerTo(KEY)).toBeUndefined();
      const answer = await create(under(store), { task_id: "t" });
      expect(await store.answerTo<unknown>(KEY)).toEqual(answer);
    });

    test("of repeats that arrive together one is done", async () => {
      const store = await open();
      await create(store, { task_id: "t" });
      const answers = await Promise.all(Array.from({ length: 9 }, (_, n) => checkpoint(under(store), "t", [`${n}`])));
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect(await changes(store)).toBe(2);
    });
  });
}

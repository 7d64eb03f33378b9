import { describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { createWatch } from "../../src/watch/watch.ts";
import { create, update } from "../store/commands.ts";
import { createEar, freshPath, NO_POLL, NOWHERE, openAt } from "./told.ts";

const WRITER = import.meta.resolve("./writer.ts");
const LISTENER = import.meta.resolve("./listener.ts");

function spawn(script: string, ...args: readonly string[]) {
  return Bun.spawn([process.execPath, fileURLToPath(script), ...args], {
    stdout: "inherit",
    stderr: "inherit",
  });
}

describe("a watch", () => {
  test("tells 200 changes by three other processes: each once, in the order of commits", async () => {
    const path = freshPath();
    const store = await openAt(path);
    const watch = createWatch(store, path);
    const ear = createEar();
    watch.on(ear.listener);
    const writers = ["67", "67", "66"].map((changes, n) => spawn(WRITER, path, `t${n}`, changes));
    expect(await Promise.all(writers.map(({ exited }) => exited))).toEqual([0, 0, 0]);
    await ear.heard(200);
    await create(store, { task_id: "last" });
    await ear.heard(201);
    expect(ear.told).toEqual([...(await store.changesSince(0, 999))]);
    watch.close();
    await store.close();
  });

  test("tells changes by another connection of the same process, and of its own without being poked", async () => {
    const path = freshPath();
    const [store, other] = [await openAt(path), await openAt(path)];
    const watch = createWatch(store, path);
    const ear = createEar();
    watch.on(ear.listener);
    await create(other, { task_id: "t" });
    await update(store, "t", { title: "Own" });
    await update(other, "t", { title: "Other" });
    await ear.heard(3);
    expect(ear.told).toMatchObject([
      { task_id: "t", version: 1, created: true },
      { task_id: "t", version: 2, created: false },
      { task_id: "t", version: 3, created: false },
    ]);
    watch.close();
  });

  test("tells own changes when poked, without any file event or poll", async () => {
    const path = freshPath();
    const store = await openAt(path, () => watch.poke());
    const watch = createWatch(store, NOWHERE, NO_POLL);
    const ear = createEar();
    watch.on(ear.listener);
    for (const count of [1, 2, 3]) {
      await create(store, { task_id: `t${count}` });
      await ear.heard(count);
      // What any look but a prompted one could see has been seen.
      await new Promise(setImmediate);
    }
    await Promise.all(["a", "b", "c"].map((title) => update(store, "t1", { title })));
    await ear.heard(6);
    expect(ear.told).toEqual([...(await store.changesSince(0, 9))]);
    watch.close();
  });

  test.each([":memory:", NOWHERE])("tells changes where no folder can be watched: %s", async (databasePath) => {
    const store = await openAt(databasePath === ":memory:" ? databasePath : freshPath());
    const watch = createWatch(store, databasePath);
    const ear = createEar();
    watch.on(ear.listener);
    for (const count of [1, 2, 3]) {
      await create(store, { task_id: `t${count}` });
      await ear.heard(count);
    }
    expect(ear.told.map(({ task_id }) => task_id)).toEqual(["t1", "t2", "t3"]);
    watch.close();
  });

  test("tells later changes only, and nothing twice to one that comes back", async () => {
    const path = freshPath();
    const store = await openAt(path);
    await create(store, { task_id: "before" });
    const watch = createWatch(store, path);
    const ear = createEar();
    const leave = watch.on(ear.listener);
    await create(store, { task_id: "first" });
    await ear.heard(1);
    leave();
    await create(store, { task_id: "meanwhile" });
    watch.on(ear.listener);
    await create(store, { task_id: "second" });
    await ear.heard(2);
    expect(ear.told.map(({ task_id }) => task_id)).toEqual(["first", "second"]);
    watch.close();
  });

  test("tells nothing to one that left, in the middle of a page or before, while others are told on", async () => {
    const path = freshPath();
    const store = await openAt(path);
    const watch = createWatch(store, path, NO_POLL);
    const [early, late, all] = [createEar(), createEar(), createEar()];
    watch.on(() => leaveEarly());
    const leaveEarly = watch.on(early.listener);
    const leaveLate = watch.on((change) => {
      late.listener(change);
      leaveLate();
      leaveLate();
    });
    watch.on(all.listener);
    await create(store, { task_id: "t" });
    await update(store, "t", { title: "New" });
    watch.poke();
    await all.heard(2);
    expect([early.told.length, late.told.length, all.told.length]).toEqual([0, 1, 2]);
    watch.close();
  });

  test("tells later changes only to one that comes in the middle of a page, when all others have left", async () => {
    const path = freshPath();
    const store = await openAt(path);
    const watch = createWatch(store, path);
    const ear = createEar();
    const came = Promise.withResolvers<void>();
    const leave = watch.on(({ task_id }) => {
      if (task_id === "t1") {
        leave();
        watch.on(ear.listener);
        came.resolve();
      }
    });
    // The first is committed by itself, the others together.
    await Promise.all(["t0", "t1", "t2", "t3"].map((task_id) => create(store, { task_id })));
    await came.promise;
    await create(store, { task_id: "t4" });
    await ear.heard(1);
    expect(ear.told.map(({ task_id }) => task_id)).toEqual(["t4"]);
    watch.close();
  });

  test("a listener that throws is reported and does not keep others from being told", async () => {
    const path = freshPath();
    const store = await openAt(path);
    const errors: unknown[] = [];
    const watch = createWatch(store, path, { onError: (_, error) => errors.push(error) });
    const ear = createEar();
    watch.on(() => {
      throw new Error("deaf");
    });
    watch.on(ear.listener);
    await create(store, { task_id: "t" });
    await update(store, "t", { title: "New" });
    await ear.heard(2);
    expect(ear.told.map(({ version }) => version)).toEqual([1, 2]);
    expect(errors).toEqual([new Error("deaf"), new Error("deaf")]);
    watch.close();
  });

  test("does not keep its process alive", async () => {
    expect(await spawn(LISTENER, freshPath()).exited).toBe(0);
  }, 20_000);
});

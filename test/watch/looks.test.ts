import { describe, expect, spyOn, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { TaskError } from "../../src/domain/errors.ts";
import type { Store, TaskChange } from "../../src/store/store.ts";
import { createWatch } from "../../src/watch/watch.ts";
import { create, update } from "../store/commands.ts";
import { temporaryFolder } from "../support/folder.ts";
import { createEar, freshPath, NO_POLL, NOWHERE, openAt } from "./told.ts";

/** The store as a watch sees it, with the nth read of changes (from 1) replaced by what `nth` answers, if anything. */
function observed(store: Store, nth: (n: number) => Promise<readonly TaskChange[]> | undefined = () => undefined) {
  const source = {
    reads: 0,
    latestChange: () => store.latestChange(),
    changedSince: (seq: number) => store.changedSince(seq),
    changesSince: (seq: number, limit: number) => nth(++source.reads) ?? store.changesSince(seq, limit),
  };
  return source;
}

/** How many folders and files this process has the kernel watch. */
function folderWatches(): number {
  const open = readdirSync("/proc/self/fd").filter((fd) => existsSync(`/proc/self/fdinfo/${fd}`));
  return open.flatMap((fd) => readFileSync(`/proc/self/fdinfo/${fd}`, "utf8").match(/^inotify wd/gm) ?? []).length;
}

describe("looks", () => {
  test("follow a file event until the commit it announced can be seen, through a link to the database too", async () => {
    const path = freshPath();
    const link = join(temporaryFolder(), "link.db");
    const [store, other] = [await openAt(path), await openAt(path)];
    symlinkSync(path, link);
    await create(other, { task_id: "t" });
    // As at synchronous FULL: the first looks after a write, more than it has file events, see nothing of it.
    let blind = 0;
    const source = observed(store, () => (blind-- > 0 ? Promise.resolve([]) : undefined));
    const watch = createWatch(source, link, NO_POLL);
    const ear = createEar();
    watch.on(ear.listener);
    for (let n = 0; ear.told.length === 0; n++) {
      blind = 6;
      await update(other, "t", { title: `Title ${n}` });
      // On a machine that stalls just then it takes another write.
      await Promise.race([ear.heard(1), Bun.sleep(1000)]);
    }
    expect(ear.told[0]).toMatchObject({ task_id: "t", version: 2 });
    watch.close();
  });

  test("of one turn of the event loop are one, however many writes it commits", async () => {
    let commits = 0;
    const store = await openAt(":memory:", () => {
      commits++;
      watch.poke();
    });
    const source = observed(store);
    const watch = createWatch(source, NOWHERE, NO_POLL);
    const ear = createEar();
    watch.on(ear.listener);
    await create(store, { task_id: "t" });
    await ear.heard(1);
    await new Promise(setImmediate);
    const before = source.reads;
    commits = 0;
    await Promise.all(Array.from({ length: 100 }, (_, n) => update(store, "t", { title: `Title ${n}` })));
    await ear.heard(101);
    await new Promise(setImmediate);
    expect(commits).toBeLessThan(100);
    expect(source.reads - before).toBeLessThanOrEqual(commits);
    watch.close();
  });

  test("go on until nothing is left", async () => {
    const store = await openAt(":memory:");
    const watch = createWatch(store, NOWHERE, NO_POLL);
    const ear = createEar();
    watch.on(ear.listener);
    await create(store, { task_id: "t" });
    for (let n = 0; n < 999; n++) {
      await update(store, "t", { title: `Title ${n}` });
    }
    watch.poke();
    await ear.heard(1000);
    expect(ear.told.map(({ version }) => version)).toEqual(Array.from({ length: 1000 }, (_, n) => n + 1));
    watch.close();
  });

  test("are never two at a time, and one that is asked for meanwhile is not forgotten", async () => {
    const store = await openAt(":memory:");
    const gate = Promise.withResolvers<readonly TaskChange[]>();
    const source = observed(store, (n) => (n === 1 ? gate.promise : undefined));
    const watch = createWatch(source, NOWHERE, NO_POLL);
    const ear = createEar();
    watch.on(ear.listener);
    await create(store, { task_id: "t" });
    watch.poke();
    await new Promise(setImmediate);
    expect(source.reads).toBe(1);
    gate.resolve([]);
    await ear.heard(1);
    expect(source.reads).toBe(2);
    watch.close();
  });

  test("that fail are reported once, and made again", async () => {
    const store = await openAt(":memory:");
    const busy = new TaskError("busy", "Cannot reach the store");
    const errors: unknown[] = [];
    const source = observed(store, (n) => (n < 4 || n === 5 ? Promise.reject(busy) : undefined));
    const watch = createWatch(source, NOWHERE, { onError: (_, error) => errors.push(error) });
    const ear = createEar();
    watch.on(ear.listener);
    await create(store, { task_id: "t" });
    await ear.heard(1);
    expect(errors).toEqual([busy]);
    await create(store, { task_id: "u" });
    await ear.heard(2);
    expect(errors).toEqual([busy, busy]);
    expect(ear.told.map(({ task_id }) => task_id)).toEqual(["t", "u"]);
    watch.close();
  });

  test.each(["leaves", "is forgotten"])("end when the last listener %s, also in the middle of one", async (how) => {
    const path = freshPath();
    const store = await openAt(path);
    const gate = Promise.withResolvers<readonly TaskChange[]>();
    const source = observed(store, (n) => (n === 1 ? gate.promise : undefined));
    const watch = createWatch(source, path);
    const ear = createEar();
    const leave = watch.on(ear.listener);
    await create(store, { task_id: "t" });
    expect(source.reads).toBe(1);
    how === "leaves" ? leave() : watch.close();
    const timers = spyOn(globalThis, "setTimeout");
    gate.resolve(await store.changesSince(0, 9));
    watch.poke();
    await new Promise(setImmediate);
    expect(timers).not.toHaveBeenCalled();
    timers.mockRestore();
    // Told by polls alone, so that a poll of the first would have come in the meantime.
    const others = createWatch(store, NOWHERE);
    const other = createEar();
    others.on(other.listener);
    for (const count of [1, 2, 3, 4]) {
      await update(store, "t", { title: `Title ${count}` });
      await other.heard(count);
    }
    expect(ear.told).toEqual([]);
    expect(source.reads).toBe(1);
    others.close();
  });

  test("end with the last listener even where more is left than one read takes", async () => {
    const store = await openAt(":memory:");
    const source = observed(store);
    const watch = createWatch(source, NOWHERE);
    const ear = createEar();
    const leave = watch.on((change) => {
      ear.listener(change);
      leave();
    });
    await Promise.all(Array.from({ length: 600 }, (_, n) => create(store, { task_id: `t${n}` })));
    await ear.heard(1);
    await new Promise(setImmediate);
    expect(source.reads).toBe(1);
    expect(ear.told).toHaveLength(1);
  });

  test("that fail once the last listener has left, as on a closed store, are nobody's concern", async () => {
    const gate = Promise.withResolvers<readonly TaskChange[]>();
    const errors: unknown[] = [];
    const source = observed(await openAt(":memory:"), () => gate.promise);
    const watch = createWatch(source, NOWHERE, { onError: (_, error) => errors.push(error) });
    watch.on(() => undefined);
    await new Promise(setImmediate);
    watch.close();
    gate.reject(new Error("closed"));
    await new Promise(setImmediate);
    expect([source.reads, errors]).toEqual([1, []]);
  });

  test.skipIf(process.platform !== "linux")("leave no watch on the folder behind", async () => {
    const path = freshPath();
    const watch = createWatch(await openAt(path), path);
    const before = folderWatches();
    const leave = watch.on(() => undefined);
    expect(folderWatches()).toBe(before + 1);
    leave();
    while (folderWatches() !== before) {
      await new Promise(setImmediate);
    }
  });
});

describe("onCommit", () => {
  test("is called for each commit that changed something, when it can be read, and for nothing else", async () => {
    const seen: Promise<number>[] = [];
    const store = await openAt(freshPath(), () => seen.push(store.latestChange()));
    await create(store, { task_id: "t" });
    await create(store, { task_id: "t" });
    await update(store, "t", { title: "Title" });
    await expect(update(store, "nope", { title: "New" })).rejects.toMatchObject({ code: "not_found" });
    await store.probe();
    await Promise.all(["a", "b"].map((title) => update(store, "t", { title })));
    expect(await Promise.all(seen)).toEqual([1, 2, 3]);
    await store.close();
  });
});

import { describe, expect, test } from "bun:test";
import { TaskError } from "../../src/domain/errors.ts";
import { handOff } from "../../src/domain/handoff.ts";
import { saveCheckpoint } from "../../src/domain/save-checkpoint.ts";
import type { Store, TaskFilter } from "../../src/store/store.ts";
import { attach, checkpoint, create, grant, update } from "./commands.ts";
import { describeChanges } from "./contract-changes.ts";
import { describeKeys } from "./contract-keys.ts";
import { describeSearch } from "./contract-search.ts";

/** Opens a store on fresh ground, with a clock that moves a second at each look. */
export type OpenStore = () => Promise<Store>;

/** What every Store must do; a backend is done when it passes. */
export function describeStore(name: string, open: OpenStore): void {
  describe(`${name}: writes`, () => {
    test("create is found again, whole", async () => {
      const store = await open();
      expect(await create(store, { task_id: "t", repo_path: "/r", tags: ["x", "y"] })).toMatchObject({
        created: true,
        version: 1,
      });
      expect(await store.find("t")).toMatchObject({
        task: {
          task_id: "t",
          title: "Title",
          goal: "Goal",
          repo_path: "/r",
          status: "open",
          priority: 2,
          tags: ["x", "y"],
        },
        progress: { completed_steps: [], remaining_steps: [], test_results: [] },
        artifacts: [],
      });
      expect(await store.find("other")).toBeUndefined();
    });

    test("create of the same content answers the existing task, of other content conflict, even after changes", async () => {
      const store = await open();
      await create(store, { task_id: "t" });
      await update(store, "t", { title: "Changed" });
      expect(await create(store, { task_id: "t" })).toMatchObject({ created: false, version: 2 });
      await expect(create(store, { task_id: "t", title: "Changed" })).rejects.toMatchObject({ code: "conflict" });
      expect(await store.find("t")).toMatchObject({ task: { title: "Changed", version: 2 } });
    });

    test("write to an unknown task answers not_found", async () => {
      const store = await open();
      await expect(update(store, "nope", { title: "x" })).rejects.toMatchObject({ code: "not_found" });
    });

    test("what decide throws leaves everything as it was, and the next write goes on", async () => {
      const store = await open();
      await create(store, { task_id: "t" });
      const before = await store.find("t");
      const failing = store.write({
        select: { task_id: "t" },
        decide() {
          throw new TaskError("invalid", "Cannot");
        },
      });
      await expect(failing).rejects.toMatchObject({ code: "invalid" });
      expect(await store.find("t")).toEqual(before);
      expect(await update(store, "t", { title: "New" })).toMatchObject({ version: 2 });
    });

    test("checkpoints are numbered, kept for ever, and the newest is the progress", async () => {
      const store = await open();
      await create(store, { task_id: "t" });
      const run = { command: "bun test", status: "failed", passed: 3, failed: 1, output: "boom" } as const;
      await checkpoint(store, "t", ["one"]);
      await store.write({
        select: { task_id: "t" },
        decide: (view, now) =>
          saveCheckpoint(
            view,
            { test_results: [run], resume_prompt: "p", context: "c" },
            { command: "save_checkpoint", agent: "a", grant: grant(), now },
          ),
      });
      expect(await store.checkpoint("t", 1)).toMatchObject({
        number: 1,
        agent: "a",
        completed_steps: ["one"],
        test_results: [],
      });
      expect(await store.checkpoint("t", 2)).toMatchObject({
        number: 2,
        completed_steps: ["one"],
        test_results: [run],
      });
      expect(await store.checkpoint("t", 3)).toBeUndefined();
      expect(await store.checkpoint("nope", 1)).toBeUndefined();
      expect((await store.find("t"))?.progress).toMatchObject({
        test_results: [run],
        resume_prompt: "p",
        context: "c",
      });
    });

    test("an offer is kept with its whole story", async () => {
      const store = await open();
      await create(store, { task_id: "t" });
      await checkpoint(store, "t", ["one"]);
      await store.write({
        select: { task_id: "t" },
        decide: (view, now) =>
          handOff(view, { to_agent: "b", reason: "r" }, { command: "handoff_task", agent: "a", grant: grant(), now }),
      });
      expect((await store.find("t"))?.task).toMatchObject({
        status: "handoff_ready",
        current_owner: "b",
        handoff: { from_agent: "a", to_agent: "b", reason: "r" },
      });
    });

    test("writes that arrive together each see the one before", async () => {
      const store = await open();
      await create(store, { task_id: "t" });
      const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => checkpoint(store, "t", [`step ${n}`])));
      expect(answers.map(({ version }) => version)).toEqual(Array.from({ length: 50 }, (_, n) => n + 2));
    });

    test("text comes back as it was written, whatever it is", async () => {
      const store = await open();
      const odd = `'; DROP TABLE tasks; -- " \u0001 \u{1f642} \u202e \\ %s \n`;
      await create(store, { task_id: "t", title: odd, goal: odd, tags: [odd] });
      expect((await store.find("t"))?.task).toMatchObject({ title: odd, goal: odd, tags: [odd] });
      expect((await store.list({ tag: odd }, { limit: 9 })).entries).toHaveLength(1);
    });
  });

  describeReading(name, open);
  describeChanges(name, open);
  describeKeys(name, open);
  describeSearch(name, open);
}

function describeReading(name: string, open: OpenStore): void {
  describe(`${name}: reads`, () => {
    test("artifacts are found by id and, the newest, by name, which may look like a path", async () => {
      const store = await open();
      await create(store, { task_id: "t" });
      await attach(store, "t", { artifact_id: "a1", name: "../etc/passwd", sha256: "1" });
      await attach(store, "t", { artifact_id: "a2", name: "../etc/passwd", sha256: "2" });
      expect(await store.artifact("t", "a1")).toMatchObject({ sha256: "1", kind: "log", agent: "a" });
      expect(await store.artifact("t", "../etc/passwd")).toMatchObject({ artifact_id: "a2" });
      expect(await store.artifact("t", "passwd")).toBeUndefined();
      expect(await store.artifact("nope", "a1")).toBeUndefined();
      expect((await store.find("t"))?.artifacts.map(({ artifact_id }) => artifact_id)).toEqual(["a1", "a2"]);
      expect(await attach(store, "t", { artifact_id: "a3", name: "../etc/passwd", sha256: "2" })).toMatchObject({
        artifact: { artifact_id: "a2" },
      });
    });

    test("list narrows by every filter and by all together", async () => {
      const store = await open();
      await create(store, { task_id: "one", repo_path: "/r", tags: ["x"] });
      await create(store, { task_id: "two", repo_path: "/r", tags: ["x", "y"] });
      await create(store, { task_id: "three" });
      await checkpoint(store, "two", ["step"]);
      const since = (await store.find("three"))?.task.updated_at;
      const ids = async (filter: TaskFilter) =>
        (await store.list(filter, { limit: 9 })).entries.map(({ task_id }) => task_id);
      expect(await ids({})).toEqual(["two", "three", "one"]);
      expect(await ids({ status: "open" })).toEqual(["three", "one"]);
      expect(await ids({ owner: " A " })).toEqual(["two"]);
      expect(await ids({ repo_path: "/r" })).toEqual(["two", "one"]);
      expect(await ids({ tag: "x" })).toEqual(["two", "one"]);
      expect(await ids({ updated_since: since })).toEqual(["two", "three"]);
      expect(await ids({ tag: "x", updated_since: since })).toEqual(["two"]);
      expect(await ids({ status: "in_progress", owner: "a", repo_path: "/r", tag: "y", updated_since: since })).toEqual(
        ["two"],
      );
      expect(await ids({ status: "done" })).toEqual([]);
    });

    test("pages join to the whole list, each task once, under every filter", async () => {
      const store = await open();
      for (let n = 0; n < 23; n++) {
        await create(store, { task_id: `t${n}`, tags: ["x"], repo_path: "/r" });
      }
      for (const filter of [{}, { status: "open" }, { tag: "x" }, { repo_path: "/r" }] as const) {
        const whole = (await store.list(filter, { limit: 200 })).entries.map(({ task_id }) => task_id);
        expect(whole).toHaveLength(23);
        const joined: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await store.list(filter, { limit: 5, cursor });
          joined.push(...page.entries.map(({ task_id }) => task_id));
          cursor = page.next_cursor;
        } while (cursor !== undefined);
        expect(joined).toEqual(whole);
      }
    });

    test("a cursor of another list, cut, or changed is refused", async () => {
      const store = await open();
      for (const task_id of ["one", "two", "three"]) {
        await create(store, { task_id });
      }
      const { next_cursor = "" } = await store.list({}, { limit: 1 });
      for (const cursor of ["", "x", "x.y", next_cursor.slice(1), next_cursor.slice(0, -1), `a${next_cursor}`]) {
        await expect(store.list({}, { limit: 1, cursor })).rejects.toMatchObject({ code: "invalid" });
      }
      await expect(store.list({ status: "open" }, { limit: 1, cursor: next_cursor })).rejects.toMatchObject({
        code: "invalid",
      });
      expect((await store.list({}, { limit: 1, cursor: next_cursor })).entries).toHaveLength(1);
    });

    test("history tells every accepted command, newest first, by pages", async () => {
      const store = await open();
      await create(store, { task_id: "t" });
      await update(store, "t", { title: "New" });
      await checkpoint(store, "t", ["one"]);
      const { entries, next_cursor } = await store.history("t", { limit: 2 });
      expect(entries).toMatchObject([
        { version: 3, command: "save_checkpoint", agent: "a", effects: ["claimed", "checkpoint_saved"] },
        { version: 2, command: "update_task", changes: { title: { old: "Title", new: "New" } } },
      ]);
      const rest = await store.history("t", { limit: 2, cursor: next_cursor });
      expect(rest.entries).toMatchObject([{ version: 1, command: "create_task", effects: ["created"] }]);
      expect(rest.next_cursor).toBeUndefined();
      await expect(store.history("nope", { limit: 2 })).rejects.toMatchObject({ code: "not_found" });
    });
  });
}

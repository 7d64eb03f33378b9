import { describe, expect, test } from "bun:test";
import { saveCheckpoint } from "../../src/domain/save-checkpoint.ts";
import type { Store, TaskFilter } from "../../src/store/store.ts";
import { checkpoint, create, grant, update } from "./commands.ts";

/** What every Store must find by words; part of the contract. What a word is: test/domain/words.test.ts. */
export function describeSearch(name: string, open: () => Promise<Store>): void {
  describe(`${name}: search`, () => {
    test("finds what stands in title, goal, steps, resume prompt and context of the present state", async () => {
      const store = await open();
      await create(store, { task_id: "one", title: "Ship the zebra", goal: "Everyone rides an okapi" });
      await create(store, { task_id: "two", title: "Something else" });
      const progress = {
        completed_steps: ["fed the lemur"],
        remaining_steps: ["wash the tapir"],
        resume_prompt: "call the gecko",
        context: "the quokka bites",
      };
      await store.write({
        select: { task_id: "one" },
        decide: (view, now) =>
          saveCheckpoint(view, progress, { command: "save_checkpoint", agent: "a", grant: grant(), now }),
      });
      for (const word of ["zebra", "okapi", "lemur", "tapir", "gecko", "quokka", "zebra okapi lemur tapir gecko"]) {
        expect(await ids(store, { query: word })).toEqual(["one"]);
      }
      expect(await ids(store, { query: "zebra else" })).toEqual([]);
      await checkpoint(store, "one", ["fed the bison"]);
      await update(store, "one", { title: "Ship the heron" });
      for (const gone of ["zebra", "lemur"]) {
        expect(await ids(store, { query: gone })).toEqual([]);
      }
      for (const word of ["heron", "bison", "tapir", "gecko"]) {
        expect(await ids(store, { query: word })).toEqual(["one"]);
      }
    });

    test("sees every write that was answered before it, the last changed task first", async () => {
      const store = await open();
      const order: string[] = [];
      for (let n = 0; n < 100; n++) {
        const task_id = `t${(n * 7) % 40}`;
        await (order.includes(task_id)
          ? update(store, task_id, { goal: `common word${n}` })
          : create(store, { task_id, goal: `common word${n}` }));
        order.splice(order.indexOf(task_id) >>> 0, 1);
        order.unshift(task_id);
        expect(await ids(store, { query: `word${n}` })).toEqual([task_id]);
      }
      expect(await ids(store, { query: "common" })).toEqual(order);
      expect(await ids(store, { query: "word0" })).toEqual([]);
    });

    test("is narrowed by every filter and by all together", async () => {
      const store = await open();
      await create(store, { task_id: "one", title: "Zebra", repo_path: "/r", tags: ["x"] });
      await create(store, { task_id: "two", title: "Zebra", repo_path: "/r", tags: ["x", "y"] });
      await create(store, { task_id: "three", title: "Zebra" });
      await create(store, { task_id: "four", title: "Okapi", repo_path: "/r", tags: ["x", "y"] });
      await checkpoint(store, "two", ["step"]);
      await checkpoint(store, "four", ["step"]);
      const since = (await store.find("three"))?.task.updated_at;
      const query = "zebra";
      expect(await ids(store, { query })).toEqual(["two", "three", "one"]);
      expect(await ids(store, { query, status: "open" })).toEqual(["three", "one"]);
      expect(await ids(store, { query, owner: " A " })).toEqual(["two"]);
      expect(await ids(store, { query, repo_path: "/r" })).toEqual(["two", "one"]);
      expect(await ids(store, { query, tag: "x" })).toEqual(["two", "one"]);
      expect(await ids(store, { query, updated_since: since })).toEqual(["two", "three"]);
      const all = { status: "in_progress", owner: "a", repo_path: "/r", tag: "y", updated_since: since } as const;
      expect(await ids(store, { query, ...all })).toEqual(["two"]);
      expect(await ids(store, { query, status: "done" })).toEqual([]);
    });

    test("pages join to the whole, each task once; a cursor of another query is refused", async () => {
      const store = await open();
      for (let n = 0; n < 150; n++) {
        await create(store, { task_id: `t${n}`, title: n % 3 === 0 ? "Okapi" : "Zebra", tags: ["x"] });
      }
      for (const filter of [{ query: "zebra" }, { query: "zebra", tag: "x" }, { query: "title okapi" }]) {
        const whole = await ids(store, filter);
        expect(whole).toHaveLength(filter.query === "zebra" ? 100 : 0);
        expect(await joined(store, filter, 7)).toEqual(whole);
      }
      const { next_cursor: cursor } = await store.list({ query: "zebra" }, { limit: 1 });
      for (const other of [{ query: "okapi" }, { query: "zebra", tag: "x" }, {}]) {
        await expect(store.list(other, { limit: 1, cursor })).rejects.toMatchObject({ code: "invalid" });
      }
      const plain = await store.list({}, { limit: 1 });
      await expect(store.list({ query: "zebra" }, { limit: 1, cursor: plain.next_cursor })).rejects.toMatchObject({
        code: "invalid",
      });
    });

    test("a query without words narrows nothing", async () => {
      const store = await open();
      for (let n = 0; n < 5; n++) {
        await create(store, { task_id: `t${n}`, tags: n > 2 ? ["x"] : [] });
      }
      for (const query of ["", "  ", "*", '"', "?!", "()"]) {
        expect(await joined(store, { query }, 2)).toEqual(["t4", "t3", "t2", "t1", "t0"]);
        expect(await ids(store, { query, tag: "x" })).toEqual(["t4", "t3"]);
      }
    });

    test("any text is a valid query: operators, quotes, wildcards and 1,000 made-up ones", async () => {
      const store = await open();
      await create(store, { task_id: "t", title: "NEAR and far OR NOT title zebra 東京 🔥 foo_bar" });
      const odd = ["AND", "OR", "NOT", "NEAR(a b)", "NEAR", "title:zebra", "{title goal}: x", "^zebra", "zeb*"];
      odd.push('"', '"zebra', "'); DROP TABLE search; --", "a+b", "zebra -zebra", "\u0001", "\uffff", "🔥🔥", "(((((");
      odd.push("x ".repeat(500), "aB".repeat(500), `${"(".repeat(400)}a${")".repeat(400)}`, "東".repeat(1000));
      const random = createRandom(20261122);
      const pieces = [
        ..."\"'()*^:+-{}[]\\/.,;%_ \n\t",
        "AND",
        "OR",
        "NOT",
        "NEAR",
        "zebra",
        "東京",
        "é",
        "🔥",
        "ﬁ",
        "aB",
        "0",
      ];
      for (let n = 0; n < 1000; n++) {
        odd.push(Array.from({ length: random(12) }, () => pieces[random(pieces.length)]).join(random(2) ? "" : " "));
      }
      for (const query of odd) {
        const { entries } = await store.list({ query }, { limit: 5 });
        expect(entries.length).toBeLessThan(2);
      }
      for (const query of ["AND", "OR", "NOT NEAR", '"zebra"', "東京*", "🔥", "foo_bar", "far/OR"]) {
        expect([query, await ids(store, { query })]).toEqual([query, ["t"]]);
      }
    });
  });
}

/** The ids of the first 200 that a filter leaves. */
async function ids(store: Store, filter: TaskFilter): Promise<string[]> {
  return (await store.list(filter, { limit: 200 })).entries.map(({ task_id }) => task_id);
}

/** The ids of all that a filter leaves, page by page. */
export async function joined(store: Store, filter: TaskFilter, limit: number): Promise<string[]> {
  const all: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.list(filter, { limit, cursor });
    all.push(...page.entries.map(({ task_id }) => task_id));
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  return all;
}

/** Numbers below a bound, the same on every run. */
export function createRandom(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

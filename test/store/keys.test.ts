import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Instant } from "../../src/domain/instant.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import { temporaryFolder } from "../support/folder.ts";
import { checkpoint, create, update } from "./commands.ts";
import { under } from "./contract-keys.ts";

const WRITER = import.meta.resolve("./keyed-writer.ts");
const HOUR_S = 3600;
const YEAR_S = 365 * 24 * HOUR_S;

/** A store on a clock that moves only when it is told to. */
async function timed(path = ":memory:") {
  const now: Instant = { wall: Date.UTC(2026, 0, 1), uptime: 1000, boot_id: "boot" };
  const store = await openStore(path, { now: () => ({ ...now }), onOutdated: () => undefined });
  await create(store, { task_id: "t" });
  return {
    store,
    now,
    pass(seconds: number) {
      now.uptime += seconds;
      now.wall += seconds * 1000;
    },
  };
}

/** Ends with a repeat of what was done under a key before `then`; answers whether it was done again. */
async function isForgotten(then: (clock: Awaited<ReturnType<typeof timed>>) => void): Promise<boolean> {
  const clock = await timed();
  await update(under(clock.store), "t", { title: "Keyed" });
  await update(clock.store, "t", { title: "New" });
  then(clock);
  await update(under(clock.store), "t", { title: "Keyed" });
  return (await clock.store.find("t"))?.task.title === "Keyed";
}

describe("idempotency keys in sqlite", () => {
  test("a key is kept for 24 hours", async () => {
    expect(await isForgotten(({ pass }) => pass(24 * HOUR_S))).toBe(false);
    expect(await isForgotten(({ pass }) => pass(24 * HOUR_S + 1))).toBe(true);
  });

  test("within one boot a wall clock that is set neither ends nor prolongs them", async () => {
    const set = (seconds: number, passed: number) =>
      isForgotten(({ now, pass }) => {
        pass(passed);
        now.wall += seconds * 1000;
      });
    expect(await set(YEAR_S, 60)).toBe(false);
    expect(await set(YEAR_S, 25 * HOUR_S)).toBe(true);
    expect(await set(-6 * YEAR_S, 60)).toBe(false);
    expect(await set(-6 * YEAR_S, 25 * HOUR_S)).toBe(true);
  });

  test("after a reboot the wall clock counts", async () => {
    const rebooted = (seconds: number) =>
      isForgotten(({ now, pass }) => {
        pass(seconds);
        Object.assign(now, { uptime: 1, boot_id: "next" });
      });
    expect(await rebooted(23 * HOUR_S)).toBe(false);
    expect(await rebooted(25 * HOUR_S)).toBe(true);
  });

  test("a key whose time is over may stand for other arguments", async () => {
    const { store, pass } = await timed();
    await update(under(store), "t", { title: "One" });
    pass(25 * HOUR_S);
    expect(await update(under(store, { args_hash: "2" }), "t", { title: "Two" })).toMatchObject({ version: 3 });
    await expect(update(under(store), "t", { title: "One" })).rejects.toMatchObject({ code: "conflict" });
  });

  test("keys whose time is over are removed by later ones, a few at a time, and no others", async () => {
    const path = join(temporaryFolder(), "tasks.db");
    const { store, pass, now } = await timed(path);
    const keyed = (from: number, count: number) =>
      Promise.all(Array.from({ length: count }, (_, n) => update(under(store, { key: `${from + n}` }), "t", {})));
    const db = new Database(path, { readonly: true });
    const kept = () => Object(db.query("SELECT count(*) AS n FROM idempotency").get()).n;
    await keyed(0, 20);
    now.wall += YEAR_S * 1000;
    await keyed(100, 1);
    expect(kept()).toBe(21);
    pass(25 * HOUR_S);
    await keyed(200, 2);
    expect(kept()).toBe(15);
    await keyed(300, 8);
    expect(kept()).toBe(10);
    db.close();
    await store.close();
  });

  test("what is looked up and removed is found by an index", async () => {
    const path = join(temporaryFolder(), "tasks.db");
    await (await timed(path)).store.close();
    const db = new Database(path);
    const planOf = (sql: string) => JSON.stringify(db.query(`EXPLAIN QUERY PLAN ${sql}`).all());
    for (const condition of ["key = ''", "expires_at < '' ORDER BY expires_at LIMIT 4", "task = 1"]) {
      expect(planOf(`SELECT * FROM idempotency WHERE ${condition}`)).toMatch(
        /"SEARCH idempotency USING INDEX [^"]*"}]$/,
      );
    }
    db.close();
  });

  test("neither the client's text nor its arguments are stored, and what goes with a task goes", async () => {
    const path = join(temporaryFolder(), "tasks.db");
    const { store } = await timed(path);
    await checkpoint(under(store, { key: "hunter2" }), "t", ["one"]);
    await store.close();
    const db = new Database(path);
    expect(JSON.stringify(db.query("SELECT * FROM idempotency").all())).not.toContain("hunter2");
    db.run("PRAGMA foreign_keys = ON");
    for (const table of ["events", "checkpoints", "tasks"]) {
      db.query(`DELETE FROM ${table}`).run();
    }
    expect(db.query("SELECT * FROM idempotency").all()).toEqual([]);
    db.close();
  });

  test("of repeats by two processes at once one is done, and both are answered the same", async () => {
    const path = join(temporaryFolder(), "tasks.db");
    const { store } = await timed(path);
    const writers = [1, 2].map(() =>
      Bun.spawn([process.execPath, Bun.fileURLToPath(WRITER), path, "t", "200"], { stdout: "pipe" }),
    );
    const [one, other] = await Promise.all(writers.map((writer) => new Response(writer.stdout).text()));
    expect(JSON.parse(one ?? "")).toHaveLength(200);
    expect(one).toBe(other ?? "");
    expect((await store.find("t"))?.task).toMatchObject({ version: 201, checkpoint_count: 200 });
    await store.close();
  });
});

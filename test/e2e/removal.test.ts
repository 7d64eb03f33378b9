import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { runCommand } from "../support/command.ts";
import { fillWithLongHistory } from "../support/long-history.ts";
import { ask, freshPlace, type Place, serverAt } from "../support/sample-store.ts";
import { EXECUTABLE } from "../support/server.ts";

const EVENTS = 20_000;

/** How many rows of the long task are left, and whether its removal was begun. */
function leftIn(db: Database) {
  return db
    .query<{ events: number; checkpoints: number; begun: number }, []>(
      `SELECT (SELECT count(*) FROM events WHERE task = tasks.id) AS events,
         (SELECT count(*) FROM checkpoints WHERE task = tasks.id) AS checkpoints,
         (SELECT count(*) FROM removals WHERE task_id = 'long') AS begun
       FROM tasks WHERE task_id = 'long'`,
    )
    .get();
}

/** Begins a command and kills it as soon as a part of the long task is gone. */
async function killedAmid(place: Place, args: readonly string[]): Promise<void> {
  const command = Bun.spawn([EXECUTABLE, ...args, ...place.flags], { stdout: "ignore", stderr: "ignore" });
  const db = new Database(place.db, { readonly: true });
  while ((leftIn(db)?.events ?? 0) === EVENTS) {
    await Bun.sleep(1);
  }
  command.kill("SIGKILL");
  await command.exited;
  const left = leftIn(db);
  expect(left?.begun).toBe(1);
  expect(left?.checkpoints).toBeGreaterThan(0);
  db.close();
}

describe("a task with more history than goes in one short transaction", () => {
  test("is pruned little by little; after a kill the store is sound, what is left is read but not written to, and the next run ends it", async () => {
    const place = freshPlace();
    await fillWithLongHistory(place.db, EVENTS);
    await killedAmid(place, ["prune", "--before", "30d"]);
    const verified = await runCommand(["verify", ...place.flags]);
    expect(verified).toMatchObject({ exitCode: 0 });
    expect(verified.stdout).toContain("note     long: its removal was begun");
    const server = await serverAt(place);
    expect(await ask(server, "get_task", { task_id: "long" })).toMatchObject({ task_id: "long", status: "done" });
    for (const [tool, args] of [
      ["update_task", { status: "open" }],
      ["attach_artifact", { name: "n", content: "c" }],
    ] as const) {
      const refused = await ask(server, tool, { task_id: "long", agent: "a", ...args }).catch(String);
      expect(refused).toContain("it is being removed, by `prune` or `forget`");
      expect(refused).toContain("not_found");
    }
    await ask(server, "create_task", { task_id: "short", title: "T", goal: "G" });
    const bundle = await runCommand(["export", "-", ...place.flags]);
    expect(bundle.exitCode).toBe(0);
    expect(bundle.stdout).not.toContain("long");
    expect(bundle.stdout.match(/"task_id":"short"/g)).toHaveLength(2);
    // Whatever it is to prune itself.
    const { stdout } = await runCommand(["prune", "--before", "2000-01-01", ...place.flags]);
    expect(stdout).toContain("removed 1 task, with ");
    await ask(server, "create_task", { task_id: "long", title: "T", goal: "G" });
    expect(await ask(server, "update_task", { task_id: "long", goal: "H" })).toMatchObject({ version: 2 });
    await server.end();
    const sound = await runCommand(["verify", ...place.flags]);
    expect(sound).toMatchObject({ exitCode: 0 });
    expect(sound.stdout).not.toContain("removal");
  });

  test("is forgotten little by little, and by the next run where one was killed", async () => {
    const place = freshPlace();
    await fillWithLongHistory(place.db, EVENTS);
    await killedAmid(place, ["forget", "long"]);
    expect(await runCommand(["verify", ...place.flags])).toMatchObject({ exitCode: 0 });
    const { exitCode, stdout } = await runCommand(["forget", "long", ...place.flags]);
    expect(stdout).toMatch(/^long: forgotten, with \d+ checkpoints, \d+ events, 0 artifacts\n$/);
    expect(exitCode).toBe(0);
    expect((await runCommand(["verify", ...place.flags])).stdout).toMatch(/^\S+: sound: /);
  });
});

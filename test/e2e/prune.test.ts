import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { existsSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashOf } from "../../src/store/artifacts.ts";
import { runCommand } from "../support/command.ts";
import { fillWithHistories } from "../support/many-histories.ts";
import { ask, filesUnder, freshPlace, type Place, serverAt } from "../support/sample-store.ts";

const TASKS = 400;
const BEFORE = "2024-01-01T20:00:00.000Z";
const TABLES = ["tasks", "task_tags", "checkpoints", "artifacts", "events"];
const DOOMED = `SELECT id FROM tasks WHERE status IN ('done', 'cancelled') AND updated_at < '${BEFORE}'`;

/** Rows of the histories, without those of tasks in `but`. */
function rowsBut({ db: path }: Place, but: readonly number[]): Record<string, unknown[]> {
  const db = new Database(path, { readonly: true });
  const rows = TABLES.map((table) => {
    const task = table === "tasks" ? "id" : "task";
    const where = `${task} <= ${TASKS} AND ${task} NOT IN (${but.join(", ")})`;
    return [table, db.query(`SELECT * FROM ${table} WHERE ${where} ORDER BY 1, 2, 3`).all()];
  });
  db.close();
  return Object.fromEntries(rows);
}

function doomedIn({ db: path }: Place): number[] {
  const db = new Database(path, { readonly: true });
  const ids = db.query<{ id: number }, []>(DOOMED).all();
  db.close();
  return ids.map(({ id }) => id);
}

/** Leaves an artifact's bytes without their row, beside a server. */
function forgetRow({ db: path }: Place, name: string): void {
  const db = new Database(path);
  db.run("PRAGMA busy_timeout = 5000");
  db.run("DELETE FROM artifacts WHERE name = ?", [name]);
  db.close();
}

const pathOf = (place: Place, sha256: string) => join(place.artifacts, sha256.slice(0, 2), sha256);
const old = (path: string) => utimesSync(path, 1000, 1000);

describe("prune", () => {
  test("removes what was finished before, with all that hangs on it, and nothing else, while a server goes on", async () => {
    const place = freshPlace();
    await fillWithHistories(place.db, TASKS);
    const server = await serverAt(place);
    expect((await ask(server, "list_tasks", { query: "unique10" })).tasks).toHaveLength(1);
    const doomed = doomedIn(place);
    expect(doomed.length).toBeGreaterThan(100);
    expect(doomed).toContain(11);
    const kept = rowsBut(place, doomed);
    const dry = await runCommand(["prune", "--before", BEFORE, "--dry-run", ...place.flags]);
    expect(dry).toMatchObject({ exitCode: 0, stderr: "" });
    expect(doomedIn(place)).toEqual(doomed);
    let writing = true;
    const written: string[] = [];
    const load = (async () => {
      for (let n = 0; writing; n++) {
        await ask(server, "create_task", { task_id: `live-${n}`, title: "T", goal: "G" });
        await ask(server, "update_task", { task_id: `live-${n}`, agent: "a", status: "done" });
        written.push(`live-${n}`);
      }
    })();
    const { exitCode, stdout } = await runCommand(["prune", "--before", BEFORE, ...place.flags]);
    writing = false;
    await load;
    expect(exitCode).toBe(0);
    expect(stdout).toBe(dry.stdout.replaceAll("would remove", "removed"));
    expect(stdout).toStartWith(`finished before ${BEFORE}: removed ${doomed.length} tasks, with `);
    expect(rowsBut(place, [])).toEqual(kept);
    expect((await ask(server, "list_tasks", { query: "unique10" })).tasks).toEqual([]);
    expect((await ask(server, "list_tasks", { query: "unique3" })).tasks).toHaveLength(1);
    for (const task_id of written) {
      expect(await ask(server, "get_task", { task_id })).toMatchObject({ status: "done" });
    }
    await server.end();
    expect((await runCommand(["prune", "--before", BEFORE, ...place.flags])).stdout).toContain(
      "removed 0 tasks, with 0 checkpoints, 0 events, 0 artifacts\n",
    );
  });

  test("removes the artifacts that no task has any more; not what others have, nor what was kept a moment ago", async () => {
    const place = freshPlace();
    const server = await serverAt(place);
    const agent = "a";
    const attach = (task_id: string, content: string) =>
      ask(server, "attach_artifact", { task_id, agent, name: content, content });
    for (const task_id of ["over", "open"]) {
      await ask(server, "create_task", { task_id, title: "T", goal: "G" });
      await attach(task_id, `of ${task_id}`);
      await attach(task_id, "of both");
    }
    const orphans = ["old orphan", "young orphan"];
    for (const [n, text] of orphans.entries()) {
      await attach("open", text);
      forgetRow(place, text);
      expect(n).toBeLessThan(2);
    }
    await ask(server, "update_task", { task_id: "over", agent, status: "done" });
    for (const path of filesUnder(place.artifacts).keys()) {
      old(path);
    }
    // Bytes that are kept again are young again: this call is about to reference them.
    await attach("open", "young orphan");
    forgetRow(place, "young orphan");
    const left = pathOf(place, hashOf(Buffer.from("of open")));
    renameSync(left, `${left}.0b0b.aside`);
    const { stdout, stderr } = await runCommand(["prune", "--before", "0s", ...place.flags]);
    expect(stdout).toContain("removed 1 task, with 0 checkpoints, 4 events, 2 artifacts\n");
    expect(stdout).toContain(
      `artifacts that no task has: removed 2 files, ${"of over".length + "old orphan".length} bytes\n`,
    );
    expect(stderr).toBe("1 file of the last hour stay until a later run\n");
    const texts = [...filesUnder(place.artifacts).values()].map(String).toSorted();
    expect(texts).toEqual(["of both", "of open", "young orphan"]);
    for (const artifact of ["of open", "of both"]) {
      expect(await ask(server, "get_artifact", { task_id: "open", artifact })).toMatchObject({ content: artifact });
    }
    await server.end();
    expect(await runCommand(["verify", ...place.flags])).toMatchObject({ exitCode: 0 });
  });

  test.each([
    [[], "--before is required"],
    [["--before", "soon"], '"soon" is no time that has passed'],
    [["--before", "2999-01-01"], '"2999-01-01" is no time that has passed'],
    [["--before", "2026-13-01"], "is no time that has passed"],
    [["--before", "90"], "is no time that has passed"],
  ])("%j is refused", async (flags, reason) => {
    const place = freshPlace();
    await (await serverAt(place)).end();
    expect(await runCommand(["prune", ...flags, ...place.flags])).toMatchObject({
      exitCode: 2,
      stdout: "",
      stderr: expect.stringContaining(reason),
    });
  });

  test("makes no database where there is none", async () => {
    const place = freshPlace();
    writeFileSync(join(place.folder, "x"), "");
    expect(await runCommand(["prune", "--before", "90d", ...place.flags])).toMatchObject({ exitCode: 78 });
    expect(existsSync(place.db)).toBe(false);
  });
});

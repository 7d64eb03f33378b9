import { describe, expect, test } from "bun:test";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand, runLimited } from "../support/command.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ask, filesUnder, fill, freshPlace, type Place, serverAt } from "../support/sample-store.ts";

const bundleOf = async ({ flags }: Place) => (await runCommand(["export", "-", ...flags])).stdout;

describe("backup and restore", () => {
  test("a backup taken under writes holds every write acknowledged before it began, and restores whole", async () => {
    const place = freshPlace();
    await fill(place, 12);
    const server = await serverAt(place);
    const acknowledged: string[] = [];
    let writing = true;
    const load = (async () => {
      for (let n = 0; writing; n++) {
        const task_id = `live-${n}`;
        await ask(server, "create_task", { task_id, title: "T", goal: "G" });
        await ask(server, "attach_artifact", { task_id, name: "a", content: `bytes of ${task_id}` });
        acknowledged.push(task_id);
      }
    })();
    while (acknowledged.length < 20) {
      await Bun.sleep(1);
    }
    const file = join(temporaryFolder(), "backup");
    const before = [...acknowledged];
    const made = await runCommand(["backup", file, ...place.flags]);
    const during = acknowledged.length - before.length;
    writing = false;
    await load;
    expect(made).toMatchObject({ exitCode: 0, stderr: "" });
    expect(during).toBeGreaterThan(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await runCommand(["verify", file])).toMatchObject({ exitCode: 0 });
    const health = await runCommand(["healthcheck", "--port", "1", ...place.flags]);
    expect(health.stdout).toMatch(/^ok {4}database .*last backup \d{4}-/m);

    const restored = freshPlace();
    expect(await runCommand(["restore", file, ...restored.flags])).toMatchObject({ exitCode: 0, stderr: "" });
    const reader = await serverAt(restored);
    for (const task_id of before) {
      const { artifacts } = await ask(reader, "get_task", { task_id });
      expect(artifacts).toHaveLength(1);
    }
    await reader.end();
    expect(await runCommand(["verify", ...restored.flags])).toMatchObject({ exitCode: 0 });
    for (const [path] of filesUnder(restored.folder)) {
      expect(statSync(path).mode & 0o777).toBe(0o600);
    }
    await server.end();
  });

  test("what is restored is what was backed up, in the place of what was there", async () => {
    const place = freshPlace();
    await fill(place, 12);
    const file = join(place.folder, "backup");
    await runCommand(["backup", file, ...place.flags]);
    const before = await bundleOf(place);
    const server = await serverAt(place);
    await ask(server, "create_task", { task_id: "later", title: "T", goal: "G" });

    const open = await runCommand(["restore", file, "--force", ...place.flags]);
    expect(open).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("has it open") });
    await ask(server, "create_task", { task_id: "later still", title: "T", goal: "G" }).catch(() => undefined);
    await ask(server, "create_task", { task_id: "even-later", title: "T", goal: "G" });
    await server.end();

    const full = await runCommand(["restore", file, ...place.flags]);
    expect(full).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("there are tasks already") });
    expect(await bundleOf(place)).toContain("even-later");
    expect(await runCommand(["restore", file, "--force", ...place.flags])).toMatchObject({ exitCode: 0 });
    expect(await bundleOf(place)).toBe(before);
  });

  test("a damaged, foreign or incomplete backup is refused and changes nothing", async () => {
    const place = freshPlace();
    await fill(place, 6);
    const file = join(place.folder, "backup");
    await runCommand(["backup", file, ...place.flags]);
    const bytes = Buffer.from(await Bun.file(file).arrayBuffer());
    const at = bytes.indexOf("Title 3");
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    const damaged = join(temporaryFolder(), "damaged");
    writeFileSync(damaged, bytes);
    const foreign = join(temporaryFolder(), "foreign");
    writeFileSync(foreign, "not a backup ".repeat(100));
    const other = freshPlace();
    for (const [bad, reason] of [
      [damaged, "it is damaged (tasks, id 4: not as it was written)"],
      [foreign, "not a database of mcp-task-server"],
      [place.db, "without the bytes of its artifacts"],
      [join(other.folder, "none"), "there is no database"],
    ] as const) {
      const { exitCode, stderr } = await runCommand(["restore", bad, ...other.flags]);
      expect(stderr).toContain(reason);
      expect(exitCode).toBe(1);
    }
    expect([...filesUnder(other.folder).keys()]).toEqual([]);
  });

  test("a damaged database is replaced with --force only", async () => {
    const place = freshPlace();
    await fill(place, 6);
    const file = join(temporaryFolder(), "backup");
    await runCommand(["backup", file, ...place.flags]);
    const before = await bundleOf(place);
    writeFileSync(place.db, Buffer.alloc(8192, 7));
    expect(await runCommand(["restore", file, ...place.flags])).toMatchObject({ exitCode: 1 });
    expect(await runCommand(["restore", file, "--force", ...place.flags])).toMatchObject({ exitCode: 0 });
    expect(await bundleOf(place)).toBe(before);
  });

  test("a file that is there is not overwritten without --force, and nothing is left of a backup that cannot be made", async () => {
    const place = freshPlace();
    await fill(place, 12);
    const folder = temporaryFolder();
    const file = join(folder, "backup");
    writeFileSync(file, "mine");
    const refused = await runCommand(["backup", file, ...place.flags]);
    expect(refused).toMatchObject({
      exitCode: 1,
      stdout: "",
      stderr: expect.stringContaining("there is a file already"),
    });
    expect(await Bun.file(file).text()).toBe("mine");
    // A limit on the size of files is the full disk that needs no privileges.
    const full = await runLimited("-f 100", ["backup", file, "--force", ...place.flags]);
    expect(full).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("the disk or quota is full") });
    expect(await Bun.file(file).text()).toBe("mine");
    expect(readdirSync(folder)).toEqual(["backup"]);
    expect(await runCommand(["backup", file, "--force", ...place.flags])).toMatchObject({ exitCode: 0 });
    expect(await runCommand(["verify", file])).toMatchObject({ exitCode: 0 });
    const nowhere = await runCommand(["backup", join(folder, "none", "x"), ...place.flags]);
    expect(nowhere).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("its folder does not exist") });
    expect(await runCommand(["backup", file, "--db", join(folder, "none.db")])).toMatchObject({ exitCode: 78 });
    expect(readdirSync(folder)).toEqual(["backup"]);
  });

  test("an artifact whose bytes are gone is named, and the rest is backed up", async () => {
    const place = freshPlace();
    await fill(place, 6);
    const [artifact = ""] = filesUnder(place.artifacts).keys();
    writeFileSync(artifact, "other bytes");
    const made = await runCommand(["backup", join(place.folder, "backup"), ...place.flags]);
    expect(made).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(artifact.slice(-64)) });
    expect(made.stdout).toContain("6 tasks");
  });
});

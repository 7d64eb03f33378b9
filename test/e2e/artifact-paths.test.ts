import { describe, expect, test } from "bun:test";
import { chmodSync, linkSync, mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { temporaryFolder } from "../support/folder.ts";
import { call, connect, EXECUTABLE, freshStore, refusal } from "../support/server.ts";

const home = join(temporaryFolder(), "users", "home");
mkdirSync(home, { recursive: true });
const client = await connect(
  new StdioClientTransport({ command: EXECUTABLE, args: freshStore(), env: { HOME: home }, stderr: "ignore" }),
  "a",
);
let tasks = 0;

/** A task whose repository is at `root`, which is made a git work tree. */
async function taskAt(root: string): Promise<string> {
  const task_id = `t${++tasks}`;
  mkdirSync(join(root, ".git"), { recursive: true });
  writeFileSync(join(root, ".git", "config"), "[http] extraHeader = Authorization: secret");
  await call(client, "create_task", { task_id, title: "T", goal: "G", repo_path: root });
  return task_id;
}

const freshRoot = () => join(temporaryFolder(), "repo");
const attach = (task_id: string, path: string) => call(client, "attach_artifact", { task_id, name: "n", path });
const refused = (task_id: string, path: string) => refusal(client, "attach_artifact", { task_id, name: "n", path });
const content = async (task_id: string) => (await call(client, "get_artifact", { task_id, artifact: "n" }))["content"];

/** Names that a careless program takes for options, patterns, commands, other places or git's own folder. */
const NASTY = [
  "-rf",
  "--help",
  "*",
  "$(id)",
  "`id`",
  "a;b",
  "a|b",
  "a\nb",
  "a\tb",
  " leading",
  "trailing ",
  "%2e%2e%2fetc",
  "..secret",
  "...",
  "~",
  "~root",
  "C:\\x",
  "file:x",
  "\\\\host\\share",
  "ü",
  "u\u0308",
  "\u202egnp.exe",
  "😀",
  "x".repeat(255),
  ".gitignore",
  ".github/workflow",
  "x.git/config",
  ".git-credentials/x",
  "deep/../deep/./file",
];

describe("attach_artifact by path", () => {
  test.each(NASTY.map((name) => ({ name, shown: JSON.stringify(name).slice(0, 40) })))(
    "reads the file $shown, and no other",
    async ({ name }) => {
      const root = freshRoot();
      const task_id = await taskAt(root);
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), `content of ${name}`);
      await attach(task_id, name);
      expect(await content(task_id)).toBe(`content of ${name}`);
    },
  );

  test("refuses git's own files, however they are reached", async () => {
    const root = freshRoot();
    const task_id = await taskAt(root);
    await taskAt(join(root, "module"));
    mkdirSync(join(root, ".GIT"), { recursive: true });
    writeFileSync(join(root, ".GIT", "config"), "secret");
    mkdirSync(join(root, "tree"));
    writeFileSync(join(root, "tree", ".git"), "gitdir: elsewhere");
    symlinkSync(".git", join(root, "git"));
    symlinkSync(join(".git", "config"), join(root, "config"));
    for (const path of [
      ".git",
      ".git/config",
      "./x/../.git/config",
      join(root, ".git", "config"),
      ".GIT/config",
      "module/.git/config",
      "tree/.git",
      "git/config",
      "config",
    ]) {
      const { code, message } = await refused(task_id, path);
      expect({ path, code }).toEqual({ path, code: "forbidden" });
      expect(message).not.toContain("secret");
    }
    const inside = `t${++tasks}`;
    const repo_path = join(root, ".git");
    mkdirSync(join(repo_path, ".git"));
    await call(client, "create_task", { task_id: inside, title: "T", goal: "G", repo_path });
    expect(await refused(inside, "config")).toMatchObject({ code: "forbidden" });
  });

  test("refuses what is no regular file, without opening it: folders, pipes, sockets", async () => {
    const root = freshRoot();
    const task_id = await taskAt(root);
    mkdirSync(join(root, "folder"));
    const fifo = join(root, "fifo");
    expect(Bun.spawnSync(["mkfifo", fifo]).exitCode).toBe(0);
    // Writes only once somebody opens the pipe to read.
    const writer = Bun.spawn(["sh", "-c", 'echo opened > "$0"', fifo]);
    const socket = createServer();
    await new Promise<void>((resolve) => socket.listen(join(root, "socket"), resolve));
    try {
      for (const path of ["folder", "fifo", "socket"]) {
        expect(await refused(task_id, path)).toMatchObject({
          code: "invalid",
          message: expect.stringContaining("regular file is accepted"),
        });
      }
      expect(writer.exitCode).toBeNull();
    } finally {
      writer.kill();
      socket.close();
    }
  });

  test.skipIf(process.platform !== "linux")("refuses a link to a device", async () => {
    const root = freshRoot();
    const task_id = await taskAt(root);
    symlinkSync("/dev/zero", join(root, "zero"));
    expect(await refused(task_id, "zero")).toMatchObject({ code: "forbidden" });
  });

  test("follows links and hard links inside the repository; loops and dangling ones lead nowhere", async () => {
    const root = freshRoot();
    const task_id = await taskAt(root);
    writeFileSync(join(root, "real"), "real");
    symlinkSync("real", join(root, "link"));
    linkSync(join(root, "real"), join(root, "hard"));
    for (const path of ["link", "hard"]) {
      await attach(task_id, path);
      expect(await content(task_id)).toBe("real");
    }
    symlinkSync("loop", join(root, "loop"));
    symlinkSync("gone", join(root, "dangling"));
    for (const path of ["loop", "dangling", "x".repeat(256), "real/below", `${"d/".repeat(1500)}x`]) {
      expect(await refused(task_id, path)).toMatchObject({ code: "not_found" });
    }
  });

  test("takes 10 MiB, and refuses a byte more without reading it", async () => {
    const root = freshRoot();
    const task_id = await taskAt(root);
    writeFileSync(join(root, "large"), "");
    truncateSync(join(root, "large"), 10 * 1024 * 1024);
    expect(await attach(task_id, "large")).toMatchObject({ size: 10 * 1024 * 1024 });
    truncateSync(join(root, "large"), 10 * 1024 * 1024 + 1);
    expect(await refused(task_id, "large")).toMatchObject({
      code: "too_large",
      message: expect.stringContaining("10485760"),
    });
  });

  test.skipIf(process.getuid?.() === 0)("says so where the server's user may not read the file", async () => {
    const root = freshRoot();
    const task_id = await taskAt(root);
    writeFileSync(join(root, "locked"), "x");
    chmodSync(join(root, "locked"), 0);
    expect(await refused(task_id, "locked")).toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("may not read it"),
    });
  });

  test("refuses the home folder and those that hold it, also through a link, but not those in it", async () => {
    const link = join(temporaryFolder(), "link");
    symlinkSync(home, link);
    for (const root of [home, dirname(home), link]) {
      writeFileSync(join(root, "notes"), "notes");
      expect(await refused(await taskAt(root), "notes")).toMatchObject({ code: "forbidden" });
    }
    const root = join(home, "code");
    const task_id = await taskAt(root);
    writeFileSync(join(root, "notes"), "notes");
    expect(await attach(task_id, "notes")).toMatchObject({ size: 5 });
  });

  test("refuses a repository whose .git is a link", async () => {
    const root = freshRoot();
    const task_id = await taskAt(root);
    writeFileSync(join(root, "f"), "x");
    renameSync(join(root, ".git"), join(root, "other"));
    symlinkSync("other", join(root, ".git"));
    expect(await refused(task_id, "f")).toMatchObject({ code: "forbidden" });
  });
});

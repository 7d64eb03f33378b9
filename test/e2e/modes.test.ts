import { describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { enveloped } from "../support/eras.ts";
import { temporaryFolder } from "../support/folder.ts";
import { request, toolCall } from "../support/raw-http.ts";
import { EXECUTABLE } from "../support/server.ts";

/** What a client sends that makes every kind of file: database, log, an artifact. */
const LINES = [
  toolCall(1, "create_task", { task_id: "t", title: "T", goal: "G" }),
  toolCall(2, "attach_artifact", { task_id: "t", name: "n", content: "text" }),
  toolCall(3, "get_task", { task_id: "t" }),
].map(
  ({ id, method, params }) => `${JSON.stringify(request(Number(id), `${method}`, enveloped({ ...Object(params) })))}\n`,
);

/** Runs a command to its end with the widest umask there is. */
function run(command: readonly string[], input = "") {
  const wide = ["sh", "-c", 'umask 000; exec "$@"', "sh", ...command];
  const { exitCode, stdout, stderr } = Bun.spawnSync(wide, { stdin: Buffer.from(input), timeout: 60_000, env: {} });
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

/** Files and folders below a folder whose permissions are not for their user alone. */
function open(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => {
    const found = statSync(join(folder, name));
    return (found.mode & 0o777) !== (found.isDirectory() ? 0o700 : 0o600);
  });
}

test("whatever command makes a file under umask 000, it is for its user alone", () => {
  const folder = temporaryFolder();
  const at = (...names: string[]) => join(folder, ...names);
  const store = (name: string) => ["--db", at(name, "tasks.db"), "--artifacts", at(name, "artifacts")];
  const steps: readonly (readonly string[])[] = [
    ["token", "create", "ann", ...store("one")],
    ["backup", at("backup.db"), ...store("one")],
    ["export", at("bundle.jsonl"), ...store("one")],
    ["restore", at("backup.db"), ...store("two")],
    ["import", at("bundle.jsonl"), ...store("three")],
    ["forget", "t", ...store("three")],
    ["verify", ...store("two")],
  ];
  expect(run([EXECUTABLE, ...store("one")], LINES.join(""))).toMatchObject({ exitCode: 0, stderr: "" });
  for (const step of steps) {
    const { exitCode, stderr } = run([EXECUTABLE, ...step]);
    expect({ step, exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({ step, exitCode: 0, stderr: "" });
  }
  const made = readdirSync(folder);
  expect(made.sort()).toEqual(expect.arrayContaining(["backup.db", "bundle.jsonl", "one", "three", "two"]));
  expect(open(folder)).toEqual([]);
});

/** Whether this user may put a process into a root of its own, with /proc mounted there and nowhere else. */
function mayChroot(): boolean {
  const trial = 'mount -t proc proc "$0" && exec chroot / true';
  return ["unshare", "chroot", "ldd", "mount"].every((tool) => Bun.which(tool) !== null) &&
    process.getuid?.() === 0 &&
    process.platform === "linux"
    ? Bun.spawnSync(["unshare", "-m", "sh", "-c", trial, temporaryFolder()]).exitCode === 0
    : false;
}

describe("in a root that holds the executable, its C library and /proc alone", () => {
  test.skipIf(!mayChroot())("it serves and ends with 0 (needs root, unshare, mount and chroot)", () => {
    const jail = temporaryFolder();
    mkdirSync(join(jail, "proc"));
    copyFileSync(EXECUTABLE, join(jail, "mcp-task-server"));
    const libraries = Bun.spawnSync(["ldd", EXECUTABLE])
      .stdout.toString()
      .matchAll(/(?:=> )?(\/\S+) \(0x/g);
    for (const [, library = ""] of libraries) {
      mkdirSync(dirname(join(jail, library)), { recursive: true });
      copyFileSync(library, join(jail, library));
    }
    const before = readdirSync(jail).sort();
    const enter =
      'mount -t proc proc "$0/proc" && exec chroot "$0" /mcp-task-server --db /tasks.db --artifacts /artifacts';
    const { exitCode, stdout, stderr } = run(["unshare", "-m", "sh", "-c", enter, jail], LINES.join(""));
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const answers = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(answers.map(({ id }) => id).sort()).toEqual([1, 2, 3]);
    expect(answers.filter(({ error, result }) => error !== undefined || result.isError === true)).toEqual([]);
    expect(readdirSync(jail).sort()).toEqual([...before, "artifacts", "tasks.db"].sort());
    expect(existsSync("/tasks.db")).toBe(false);
  });
});

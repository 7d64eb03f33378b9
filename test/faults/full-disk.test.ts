import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/folder.ts";
import { EXECUTABLE, freshStore, type StdioServer, startStdio } from "../support/server.ts";
import { problemsOf } from "./ledger.ts";
import { type Acknowledged, outcomeOf } from "./load.ts";

/** Runs a command in a mount namespace with a file system of 2 MB at `folder`. */
const within = (folder: string, setUp: string, command: readonly string[]) => [
  "unshare",
  "-m",
  "sh",
  "-c",
  `mount -t tmpfs -o size=2m,mode=0700 tmpfs "$0" && ${setUp} && exec "$@"`,
  folder,
  ...command,
];
const mayMount =
  Bun.which("unshare") !== null && Bun.spawnSync(within(temporaryFolder(), "true", ["true"])).exitCode === 0;

const ask = async (server: StdioServer, name: string, args: Record<string, unknown>) => {
  const call = { name, arguments: args };
  return { call, outcome: outcomeOf(call, await server.request("tools/call", call), /./) };
};

/** Saves checkpoints until one is refused; the code it is refused with. */
async function fill(server: StdioServer, ledger: Acknowledged[]): Promise<string> {
  for (let n = 0; n < 1000; n++) {
    const context = randomBytes(25_000).toString("hex");
    const { call, outcome } = await ask(server, "save_checkpoint", {
      task_id: "t",
      completed_steps: [`${n}`],
      context,
    });
    if ("refused" in outcome) {
      return outcome.refused;
    }
    ledger.push({ call, answer: outcome.answer });
  }
  throw new Error("there was room for everything");
}

const created = { task_id: "t", title: "T", goal: "G" };

describe.skipIf(!mayMount)("a full disk (unshare, mount)", () => {
  test("refuses writes and artifacts with storage_full; reads go on, and writes do once there is room, in the same server", async () => {
    const folder = temporaryFolder();
    const flags = ["--db", join(folder, "tasks.db"), "--artifacts", join(folder, "artifacts")];
    const server = startStdio(flags, { command: within(folder, "true", [EXECUTABLE]) });
    await server.initialize();
    const ledger: Acknowledged[] = [];
    const first = await ask(server, "create_task", created);
    ledger.push({ call: first.call, answer: "answer" in first.outcome ? first.outcome.answer : {} });
    expect(await fill(server, ledger)).toBe("storage_full");
    expect(ledger.length).toBeGreaterThan(5);
    const artifact = { task_id: "t", name: "log", content: randomBytes(1_000_000).toString("hex") };
    expect(await ask(server, "attach_artifact", artifact)).toMatchObject({ outcome: { refused: "storage_full" } });
    expect(await ask(server, "get_task", { task_id: "t" })).toMatchObject({ outcome: { answer: { title: "T" } } });

    const grow = ["nsenter", "-t", `${server.process.pid}`, "-m", "mount", "-o", "remount,size=32m", folder];
    expect(Bun.spawnSync(grow).exitCode).toBe(0);
    for (const [name, args] of [
      ["save_checkpoint", { task_id: "t", completed_steps: ["there is room"] }],
      ["attach_artifact", artifact],
    ] as const) {
      const { call, outcome } = await ask(server, name, args);
      expect(outcome).toHaveProperty("answer");
      ledger.push({ call, answer: "answer" in outcome ? outcome.answer : {} });
    }
    // As a kill would leave it: nothing is written meanwhile.
    const left = join(temporaryFolder(), "left");
    cpSync(join("/proc", `${server.process.pid}`, "root", folder), left, { recursive: true });
    expect(problemsOf({ db: join(left, "tasks.db"), artifacts: join(left, "artifacts") }, ledger)).toEqual([]);
    expect(await server.end()).toBe(0);
  });

  test("on which not even SQLite's shared memory has room refuses the start with 78 and says why", () => {
    const folder = temporaryFolder();
    const setUp = `'${EXECUTABLE}' --db "$0/tasks.db" </dev/null && { head -c 4m /dev/zero >"$0/filler" 2>/dev/null || true; }`;
    const command = within(folder, setUp, [EXECUTABLE, "--db", join(folder, "tasks.db")]);
    const { exitCode, stderr } = Bun.spawnSync(command, { stdin: "ignore" });
    expect({ exitCode, stderr: stderr.toString() }).toEqual({
      exitCode: 78,
      stderr: expect.stringMatching(/disk is full/),
    });
  });

  test("a read-only file system is refused at the start with 78 and its name", async () => {
    const folder = temporaryFolder();
    const setUp = `'${EXECUTABLE}' --db "$0/old.db" </dev/null && mount -o remount,ro "$0"`;
    for (const name of ["new.db", "old.db"]) {
      const { exitCode, stderr } = Bun.spawnSync(within(folder, setUp, [EXECUTABLE, "--db", join(folder, name)]), {
        stdin: "ignore",
      });
      expect({ exitCode, stderr: stderr.toString() }).toEqual({
        exitCode: 78,
        stderr: expect.stringMatching(/read-only.*MCP_TASK_DB_PATH/),
      });
    }
  });
});

describe.skipIf(process.platform === "win32")("a limit on the size of files", () => {
  test("is a full disk: storage_full, reads go on, nothing acknowledged is missing", async () => {
    const flags = freshStore();
    const server = startStdio(flags, { command: ["sh", "-c", 'ulimit -f 2048; exec "$0" "$@"', EXECUTABLE] });
    await server.initialize();
    const ledger: Acknowledged[] = [];
    await ask(server, "create_task", created);
    expect(await fill(server, ledger)).toBe("storage_full");
    expect(await ask(server, "get_task", { task_id: "t" })).toMatchObject({ outcome: { answer: { title: "T" } } });
    const artifact = { task_id: "t", name: "log", content: "x".repeat(3_000_000) };
    expect(await ask(server, "attach_artifact", artifact)).toMatchObject({ outcome: { refused: "storage_full" } });
    expect(await server.end()).toBe(0);
    expect(problemsOf({ db: flags[1] ?? "", artifacts: flags[3] ?? "" }, ledger)).toEqual([]);
  });
});

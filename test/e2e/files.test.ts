import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryFolder } from "../support/folder.ts";
import { connect, EXECUTABLE, refusal, startHttp, startStdio, transports } from "../support/server.ts";

/** Serves nobody: opens the store, finds its input at the end, and ends. */
function open(flags: string[], options: { cwd?: string; env?: Record<string, string>; executable?: string } = {}) {
  const { executable = EXECUTABLE, ...rest } = options;
  const { exitCode, stderr } = Bun.spawnSync([executable, ...flags], { stdin: "ignore", timeout: 30_000, ...rest });
  return { exitCode, stderr: stderr.toString() };
}

/** A copy of the executable in a folder of its own. */
function copyExecutable(): string {
  const copy = join(realpathSync(temporaryFolder()), "mcp-task-server");
  copyFileSync(EXECUTABLE, copy);
  return copy;
}

/** Runs SQL on a database file as another program would, and leaves it closed. */
function edit(path: string, ...statements: string[]): void {
  const db = new Database(path);
  for (const sql of statements) {
    db.run(sql);
  }
  db.close();
}

/** Everything below a folder: bytes and permissions, by name. */
function snapshot(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return Object.fromEntries(
    names.map((name) => {
      const { mode } = statSync(join(folder, name));
      const bytes = readFileSync(join(folder, name));
      return [name, `${(mode & 0o777).toString(8)} ${bytes.length} ${Bun.SHA256.hash(bytes, "hex")}`];
    }),
  );
}

/** The permissions of a folder and of all below it, by name. */
function permissions(folder: string): Record<string, string> {
  const names = ["", ...readdirSync(folder, { recursive: true, encoding: "utf8" })];
  return Object.fromEntries(names.map((name) => [name, (statSync(join(folder, name)).mode & 0o777).toString(8)]));
}

describe("what the server makes", () => {
  test("is for its user alone, whatever the umask: database, log, artifacts, missing folders", async () => {
    const folder = join(temporaryFolder(), "made");
    const before = process.umask(0);
    const control = Bun.spawnSync(["sh", "-c", "umask"]).stdout.toString();
    const flags = ["--db", join(folder, "a", "b", "tasks.db"), "--artifacts", join(folder, "c", "artifacts")];
    const server = startStdio(flags);
    process.umask(before);
    expect(control.trim()).toBe("0000");
    await server.initialize();
    await server.request("tools/call", { name: "create_task", arguments: { task_id: "t", title: "T", goal: "G" } });
    const artifact = { task_id: "t", name: "n", content: "text" };
    const kept = await server.request("tools/call", { name: "attach_artifact", arguments: artifact });
    expect(kept).toMatchObject({ result: { structuredContent: { size: 4 } } });
    const sha256 = Bun.SHA256.hash("text", "hex");
    expect(permissions(folder)).toEqual({
      "": "700",
      a: "700",
      "a/b": "700",
      "a/b/tasks.db": "600",
      "a/b/tasks.db-wal": "600",
      "a/b/tasks.db-shm": "600",
      c: "700",
      "c/artifacts": "700",
      [`c/artifacts/${sha256.slice(0, 2)}`]: "700",
      [`c/artifacts/${sha256.slice(0, 2)}/${sha256}`]: "600",
    });
    expect(await server.end()).toBe(0);
  });
});

describe("a database that is not ours", () => {
  test.each<[string, (path: string) => void]>([
    ["of another program", (path) => edit(path, "CREATE TABLE notes (text)", "INSERT INTO notes VALUES ('mine')")],
    ["of another program, in WAL mode", (path) => edit(path, "PRAGMA journal_mode = WAL", "CREATE TABLE notes (text)")],
    ["of another program, with a version but no table yet", (path) => edit(path, "PRAGMA user_version = 7")],
    ["of another program, with a mark but no table yet", (path) => edit(path, "PRAGMA application_id = 7")],
    ["that is a text file", (path) => writeFileSync(path, "Dear diary\n")],
    ["that ends within its header", (path) => writeFileSync(path, "SQLite format 3\0")],
  ])("%s is refused with 78 and left as it was", (_name, make) => {
    const folder = temporaryFolder();
    const db = join(folder, "tasks.db");
    make(db);
    const before = snapshot(folder);
    const { exitCode, stderr } = open(["--db", db]);
    expect({ exitCode, named: stderr.includes("MCP_TASK_DB_PATH") }).toEqual({ exitCode: 78, named: true });
    expect(snapshot(folder)).toEqual(before);
  });

  test("whose tables still stand in the log of the program that writes it is refused and left as it was", () => {
    const folder = temporaryFolder();
    const db = join(folder, "tasks.db");
    const other = new Database(db);
    other.run("PRAGMA journal_mode = WAL");
    other.run("CREATE TABLE notes (text)");
    const before = snapshot(folder);
    expect(Object.keys(before)).toEqual(["tasks.db", "tasks.db-shm", "tasks.db-wal"]);
    const { exitCode, stderr } = open(["--db", db]);
    const after = snapshot(folder);
    const tables = other.query("SELECT name FROM sqlite_schema").all();
    other.close();
    expect({ exitCode, named: stderr.includes("MCP_TASK_DB_PATH") }).toEqual({ exitCode: 78, named: true });
    expect(after).toEqual(before);
    expect(tables).toEqual([{ name: "notes" }]);
  });

  test("but ours of a newer version is refused with 78, says so, and is left as it was", () => {
    const folder = temporaryFolder();
    const db = join(folder, "tasks.db");
    expect(open(["--db", db]).exitCode).toBe(0);
    edit(db, "PRAGMA user_version = 999");
    const before = snapshot(folder);
    const { exitCode, stderr } = open(["--db", db]);
    expect(exitCode).toBe(78);
    expect(stderr).toMatch(/written by a newer mcp-task-server \(schema 999.*MCP_TASK_DB_PATH/);
    expect(snapshot(folder)).toEqual(before);
  });

  test("but an empty file is taken", () => {
    const db = join(temporaryFolder(), "tasks.db");
    writeFileSync(db, "");
    expect(open(["--db", db])).toEqual({ exitCode: 0, stderr: "" });
    expect(readFileSync(db, "latin1")).toStartWith("SQLite format 3\0");
  });
});

describe("where the store lies", () => {
  const isLinux = process.platform === "linux";
  /** Not in dist/, where a database of somebody's own may lie beside it. */
  const alone = copyExecutable();
  /** The user's data folder below a home, without any variable. */
  const dataFolder = isLinux ? ".local/share/mcp-task-server" : "Library/Application Support/mcp-task-server";

  /** Starts a server in an empty folder with an empty home and answers the databases it makes in the home. */
  function databases(variables: (home: string) => Record<string, string>, flags: string[] = []): string[] {
    const [home, cwd] = [temporaryFolder(), temporaryFolder()];
    const env = { HOME: home, ...variables(home) };
    expect(open(flags, { cwd, env, executable: alone })).toEqual({ exitCode: 0, stderr: "" });
    expect(readdirSync(cwd)).toEqual([]);
    return readdirSync(home, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".db"));
  }

  test("by default in the user's data folder", () => {
    expect(databases(() => ({}))).toEqual([`${dataFolder}/tasks.db`]);
  });

  test.skipIf(!isLinux)("XDG_DATA_HOME moves the data folder; a relative one is invalid and ignored", () => {
    expect(databases((home) => ({ XDG_DATA_HOME: join(home, "xdg") }))).toEqual(["xdg/mcp-task-server/tasks.db"]);
    expect(databases(() => ({ XDG_DATA_HOME: "xdg" }))).toEqual([`${dataFolder}/tasks.db`]);
  });

  test("MCP_TASK_BASE_DIR moves everything; ~ is the home folder", () => {
    expect(databases((home) => ({ MCP_TASK_BASE_DIR: join(home, "base") }))).toEqual(["base/tasks.db"]);
    expect(databases(() => ({ MCP_TASK_BASE_DIR: "~/base" }))).toEqual(["base/tasks.db"]);
  });

  test("a relative --db lies below MCP_TASK_BASE_DIR, and without one below the data folder", () => {
    const base = (home: string) => ({ MCP_TASK_BASE_DIR: join(home, "base") });
    expect(databases(base, ["--db", "sub/my.db"])).toEqual(["base/sub/my.db"]);
    expect(databases(() => ({}), ["--db", "my.db"])).toEqual([`${dataFolder}/my.db`]);
  });

  test("MCP_TASK_DB_PATH says where, and --db wins over it", () => {
    const variable = (home: string) => ({ MCP_TASK_DB_PATH: join(home, "variable.db") });
    expect(databases(variable)).toEqual(["variable.db"]);
    expect(databases(variable, ["--db", "~/flag.db"])).toEqual(["flag.db"]);
  });

  test.each([
    ["a tasks.db of ours beside the executable is used: a portable install", true],
    ["a tasks.db of another program beside the executable is not", false],
  ])("%s", (_name, ours) => {
    const [home, cwd, executable] = [temporaryFolder(), temporaryFolder(), copyExecutable()];
    const folder = dirname(executable);
    const beside = join(folder, "tasks.db");
    if (ours) {
      expect(open(["--db", beside]).exitCode).toBe(0);
    } else {
      edit(beside, "CREATE TABLE notes (text)");
    }
    const before = snapshot(folder);
    const { exitCode, stderr } = open(["--debug"], { cwd, env: { HOME: home }, executable });
    expect(exitCode).toBe(0);
    const db = ours ? beside : join(home, dataFolder, "tasks.db");
    expect(JSON.parse(stderr.split("\n")[0] ?? "")).toMatchObject({ db, artifacts: join(dirname(db), "artifacts") });
    expect(existsSync(join(home, dataFolder))).toBe(!ours);
    expect(snapshot(folder)).toEqual(before);
    expect(readdirSync(cwd)).toEqual([]);
  });
});

describe("a database migrated under a running server", () => {
  const task = { task_id: "t", title: "Title", goal: "Goal" };

  test("on stdio: reads go on, the next write answers busy, the server ends with 78", async () => {
    const db = join(temporaryFolder(), "tasks.db");
    const server = startStdio(["--db", db]);
    await server.initialize();
    await server.request("tools/call", { name: "create_task", arguments: task });
    edit(db, "PRAGMA user_version = 999");
    const read = await server.request("tools/call", { name: "get_task", arguments: { task_id: "t" } });
    expect(read).toMatchObject({ result: { structuredContent: { title: "Title" } } });
    const refused = await server.request("tools/call", {
      name: "update_task",
      arguments: { task_id: "t", status: "in_progress" },
    });
    expect(refused).toMatchObject({ result: { isError: true } });
    expect(JSON.stringify(refused)).toMatch(/\\"code\\":\s*\\"busy\\".*newer mcp-task-server/);
    expect(await server.process.exited).toBe(78);
  });

  test("on HTTP: the same", async () => {
    const db = join(temporaryFolder(), "tasks.db");
    const { url, process } = await startHttp(["--db", db]);
    const client = await connect(transports.http(url));
    await client.callTool({ name: "create_task", arguments: task });
    edit(db, "PRAGMA user_version = 999");
    expect(await client.callTool({ name: "get_task", arguments: { task_id: "t" } })).toMatchObject({
      structuredContent: { title: "Title" },
    });
    expect(await refusal(client, "update_task", { task_id: "t", status: "in_progress" })).toMatchObject({
      code: "busy",
    });
    expect(await process.exited).toBe(78);
  });
});

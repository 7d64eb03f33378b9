import { describe, expect, test } from "bun:test";
import { chmodSync, chownSync, copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { version } from "../../package.json";
import { temporaryFolder } from "../support/folder.ts";
import { EXECUTABLE, freshStore, startStdio } from "../support/server.ts";

/** The kernel's "nobody". */
const NOBODY = 65534;

/** What a client sends first. */
const INITIALIZE = `${JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test-client", version: "1.0" } },
})}\n`;

/** Runs a command to its end, `input` on its stdin. */
function run(command: string[], options: { cwd?: string; env?: Record<string, string>; input?: string } = {}) {
  const { input = "", ...rest } = options;
  const result = Bun.spawnSync(command, { stdin: Buffer.from(input), timeout: 30_000, ...rest });
  return { exitCode: result.exitCode, stdout: result.stdout.toString(), stderr: result.stderr.toString() };
}

describe("started in a hostile folder", () => {
  /** Files that a runtime started in their folder reads or runs; code of theirs leaves a file `ran-…` behind. */
  function hostileFolder(): string {
    const folder = temporaryFolder();
    const trap = (name: string) => `await Bun.write(${JSON.stringify(join(folder, `ran-${name}`))}, "");`;
    const files: Record<string, string> = {
      "bunfig.toml": 'preload = ["./preload.ts"]\n',
      "preload.ts": trap("preload"),
      ".env":
        "MCP_TASK_PORT=none\nMCP_TASK_DB_PATH=./stolen.db\nMCP_TASK_ARTIFACTS_DIR=./stolen\nBUN_OPTIONS=--preload=./preload.ts\n",
      ".env.local": "MCP_TASK_DB_PATH=./stolen.db\n",
      ".env.production": "MCP_TASK_DB_PATH=./stolen.db\n",
      "package.json": '{"type":"module","imports":{"#x":"./preload.ts"},"scripts":{"start":"bun preload.ts"}}',
      "tsconfig.json": '{"compilerOptions":{"baseUrl":".","paths":{"@modelcontextprotocol/*":["./mapped.ts"]}}}',
      "mapped.ts": trap("mapped"),
      "node_modules/zod/index.js": trap("zod"),
      "node_modules/citty/index.js": trap("citty"),
      // What the control runs: whoever falls for the traps says so.
      "control.ts":
        'import "zod";\nimport "citty";\nimport "@modelcontextprotocol/sdk";\nconsole.log(process.env.MCP_TASK_PORT);\n',
    };
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, name, ".."), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return folder;
  }

  test("a plain runtime runs and reads what lies there (the traps are live)", () => {
    const cwd = hostileFolder();
    expect(run([process.execPath, "run", "control.ts"], { cwd, env: {} })).toMatchObject({
      exitCode: 0,
      stdout: "none\n",
    });
    const ran = readdirSync(cwd).filter((name) => name.startsWith("ran-"));
    expect(ran.sort()).toEqual(["ran-citty", "ran-mapped", "ran-preload", "ran-zod"]);
  });

  test("the executable runs and reads none of it, and leaves the folder as it was", async () => {
    const cwd = hostileFolder();
    const before = readdirSync(cwd, { recursive: true });
    const home = temporaryFolder();
    const server = startStdio(["--db", join(home, "tasks.db")], { cwd, env: { HOME: home } });
    expect(await server.initialize()).toMatchObject({ result: { serverInfo: { name: "mcp-task-server" } } });
    for (const [name, args] of [
      ["create_task", { task_id: "t", title: "Title", goal: "Goal" }],
      ["attach_artifact", { task_id: "t", name: "n", content: "text" }],
    ] as const) {
      const answer = await server.request("tools/call", { name, arguments: args });
      expect(answer).toMatchObject({ result: { structuredContent: { task_id: "t" } } });
    }
    expect(await server.end()).toBe(0);
    const there = { cwd, env: { HOME: home } };
    expect(run([EXECUTABLE, "healthcheck", "--port", "0"], there).stdout).toContain("ok    stdio");
    // What is loaded late, for HTTP and by each command, is looked for in the executable alone, too.
    const http = Bun.spawn([EXECUTABLE, "--http", "--port", "0", "--db", join(home, "tasks.db")], {
      ...there,
      stderr: "pipe",
    });
    const listening = await http.stderr.getReader().read();
    expect(new TextDecoder().decode(listening.value)).toContain("listening");
    http.kill();
    expect(await http.exited).toBe(0);
    for (const command of [["backup", join(home, "backup.db")], ["verify"], ["export", join(home, "bundle")]]) {
      const { exitCode, stderr } = run([EXECUTABLE, ...command, "--db", join(home, "tasks.db")], there);
      expect({ command, exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({ command, exitCode: 0, stderr: "" });
    }
    expect(readdirSync(cwd, { recursive: true })).toEqual(before);
    expect(readdirSync(home)).toContain("tasks.db");
  });
});

describe("started with nothing", () => {
  const isRoot = process.getuid?.() === 0;
  const drop = isRoot ? ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"] : [];

  test.skipIf(isRoot && Bun.which("setpriv") === null)(
    "no environment, no home, cwd /, no privileges: it serves and ends with 0",
    () => {
      const folder = temporaryFolder();
      // The checkout may lie where nobody else may enter.
      const executable = join(folder, "mcp-task-server");
      copyFileSync(EXECUTABLE, executable);
      chmodSync(executable, 0o755);
      if (isRoot) {
        chownSync(folder, NOBODY, NOBODY);
      }
      const db = join(folder, "tasks.db");
      const command = [...drop, "env", "-i", executable, "--db", db];
      const { exitCode, stdout, stderr } = run(command, { cwd: "/", input: INITIALIZE });
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
      expect(JSON.parse(stdout)).toMatchObject({ id: 1, result: { serverInfo: { name: "mcp-task-server", version } } });
      expect(readdirSync(folder)).toContain("tasks.db");
    },
  );
});

describe("the command line", () => {
  test.each(["--version", "-v"])("%s prints the version of package.json", (flag) => {
    expect(run([EXECUTABLE, flag])).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: "" });
  });

  test.each(["--help", "-h"])("%s names every flag, variable and command", (flag) => {
    const { exitCode, stdout, stderr } = run([EXECUTABLE, flag]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    for (const name of [
      ...["--http", "--port", "--host", "--db", "--artifacts", "--agent", "--debug", "--json", "--version", "--help"],
      ...["MCP_TASK_PORT", "MCP_TASK_HOST", "MCP_TASK_DB_PATH", "MCP_TASK_ARTIFACTS_DIR", "MCP_TASK_BASE_DIR"],
      ...["MCP_TASK_AGENT", "MCP_DEBUG", "healthcheck"],
    ]) {
      expect(stdout).toContain(name);
    }
  });

  test.each<[string, string[], number, RegExp]>([
    ["an unknown flag", ["--nope"], 2, /unknown flag --nope; accepted are --http, --port, --host, --allow-host/],
    ["an unknown short flag", ["-x"], 2, /unknown flag -x; accepted are --http/],
    ["a negated flag", ["--no-http"], 2, /unknown flag --no-http/],
    ["a switch with a value", ["--http=false"], 2, /--http takes no value/],
    ["artifacts that are no folder", ["--artifacts", import.meta.path], 78, /MCP_TASK_ARTIFACTS_DIR/],
    ["a flag of another command", ["--json"], 2, /unknown flag --json; accepted are --http/],
    ["an unknown command", ["frobnicate"], 2, /unknown command "frobnicate"; accepted are healthcheck/],
    ["a command that is an object's own property", ["toString"], 2, /unknown command "toString"; accepted are/],
    ["a second command", ["healthcheck", "again"], 2, /healthcheck takes nothing after its name/],
    ["a port that is none", ["--port", "eighty"], 2, /port "eighty" is none; a whole number from 0 to 65535/],
    ["a port beyond the last", ["--port", "65536"], 2, /port "65536" is none/],
    ["a missing value", ["--db"], 2, /--db needs a value: path/],
    ["an empty value", ["--db="], 2, /--db needs a value: path/],
    ["a flag where a value belongs", ["--db", "--http"], 2, /--db needs a value: path/],
    ["a value where none belongs", ["--http=maybe"], 2, /--http takes no value/],
    ["a lease too short", ["--lease-seconds", "59"], 2, /"59" is no time in seconds; a whole number, 60–86400/],
    ["an offer that is no number", ["--offer-seconds=1h"], 2, /"1h" is no time.*MCP_TASK_OFFER_SECONDS/],
    ["an agent name that is none", ["--agent", " "], 2, /agent .* is no name; .* \(--agent, MCP_TASK_AGENT\)/],
    [
      "every interface",
      ["--host", "0.0.0.0"],
      78,
      /host "0\.0\.0\.0": .* 127\.0\.0\.0\/8, ::1 and localhost are accepted/,
    ],
    ["another machine's address", ["--host", "192.168.0.1"], 78, /MCP_TASK_HOST/],
  ])("%s is refused", (_name, flags, expected, words) => {
    const home = temporaryFolder();
    const { exitCode, stdout, stderr } = run([EXECUTABLE, ...flags], { env: { HOME: home } });
    expect({ exitCode, stdout }).toEqual({ exitCode: expected, stdout: "" });
    expect(stderr).toMatch(words);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(readdirSync(home)).toEqual([]);
  });

  test.each<[string, Record<string, string>, number]>([
    ["a port that is none", { MCP_TASK_PORT: "eighty" }, 2],
    ["every interface", { MCP_TASK_HOST: "0.0.0.0" }, 78],
    ["an agent name that is none", { MCP_TASK_AGENT: " " }, 2],
  ])("%s is refused from the environment too, naming the variable", (_name, env, expected) => {
    const { exitCode, stderr } = run([EXECUTABLE, ...freshStore()], { env });
    expect({ exitCode, named: stderr.includes(Object.keys(env).join()) }).toEqual({ exitCode: expected, named: true });
  });

  test("an empty variable counts as absent", () => {
    const env = { MCP_TASK_PORT: "", MCP_TASK_HOST: "", MCP_TASK_AGENT: "", MCP_TASK_BASE_DIR: "", MCP_DEBUG: "" };
    expect(run([EXECUTABLE, ...freshStore()], { env })).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  });
});

// Checks an executable as its first user meets it: checksum, --version, a session on stdio with a store of its own.
// bun scripts/check-release.ts <executable>, or a command that ends with it, such as an emulator's.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { name, version } from "../package.json";

/** An emulated executable needs seconds where a native one needs milliseconds. */
const PATIENCE_MS = 120_000;

const TASK = { task_id: "check-release", title: "Check the release", goal: "Every executable answers" };

/** What is sent, and what each answer must hold. */
const EXCHANGE = [
  {
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "check-release", version } },
    result: { protocolVersion: "2025-11-25", serverInfo: { name, version } },
  },
  { method: "tools/list", params: {}, result: {} },
  {
    method: "tools/call",
    params: { name: "create_task", arguments: TASK },
    result: { structuredContent: { task_id: TASK.task_id, status: "open", created: true } },
  },
  {
    method: "tools/call",
    params: { name: "get_task", arguments: { task_id: TASK.task_id } },
    result: { structuredContent: { ...TASK, status: "open", version: 1 } },
  },
];

interface Answer {
  id?: number;
  result?: { tools?: { name: string }[] };
}

const command = Bun.argv.slice(2);
const executable = command.at(-1) ?? "";
try {
  await checkSum();
  const started = performance.now();
  const printed = run(["--version"], "").trim();
  if (printed !== version) {
    throw new Error(`--version prints ${JSON.stringify(printed)}; ${version} is expected`);
  }
  const tools = converse();
  const took = Math.round(performance.now() - started);
  await Bun.write(Bun.stdout, `ok  ${basename(executable)}  ${printed}, ${tools} tools, ${took} ms\n`);
} catch (error) {
  console.error(`Cannot release "${command.join(" ")}": ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}

/** Compares the executable with its line in the SHA256SUMS beside it. */
async function checkSum(): Promise<void> {
  if (executable === "") {
    throw new Error("an executable is accepted, or a command that ends with one");
  }
  const sums = await Bun.file(join(dirname(executable), "SHA256SUMS")).text();
  const sum = new Bun.CryptoHasher("sha256").update(await Bun.file(executable).bytes()).digest("hex");
  const line = `${sum}  ${basename(executable)}`;
  if (!sums.split("\n").includes(line)) {
    throw new Error(`SHA256SUMS has no line "${line}"`);
  }
}

/** Holds the whole session and answers how many tools there are. */
function converse(): number {
  const folder = mkdtempSync(join(tmpdir(), "check-release-"));
  try {
    const lines = EXCHANGE.map(({ method, params }, id) => JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    lines.splice(1, 0, JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }));
    const flags = ["--db", join(folder, "tasks.db"), "--artifacts", join(folder, "artifacts")];
    const output = run(flags, `${lines.join("\n")}\n`);
    const answers: Answer[] = output.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
    for (const [index, { method, result }] of EXCHANGE.entries()) {
      const answer = answers.find(({ id }) => id === index);
      if (answer === undefined || !Bun.deepMatch({ result }, answer)) {
        throw new Error(`${method} answers ${JSON.stringify(answer)}; ${JSON.stringify(result)} is expected`);
      }
    }
    const tools = answers.flatMap((answer) => answer.result?.tools ?? []);
    if (!tools.some((tool) => tool.name === "create_task")) {
      throw new Error("tools/list has no create_task");
    }
    return tools.length;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the executable to its end and answers what it printed. */
function run(flags: readonly string[], input: string): string {
  const { exitCode, signalCode, stdout, stderr } = Bun.spawnSync([...command, ...flags], {
    stdin: Buffer.from(input),
    stdout: "pipe",
    stderr: "pipe",
    timeout: PATIENCE_MS,
    killSignal: "SIGKILL",
  });
  if (exitCode !== 0) {
    throw new Error(`it ended with ${signalCode ?? exitCode}: ${stderr}`);
  }
  return stdout.toString();
}

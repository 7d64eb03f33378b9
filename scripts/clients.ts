// Tries the executable with the clients that are too big for CI, and prints a table: `bun run clients [name…]`. Each is
// installed from the npm registry into a temporary folder, which is its home too and is removed at the end.
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { playClaude, playGemini, playOpencode } from "./clients/agents.ts";
import { playMcpRemote, playSupergateway } from "./clients/bridges.ts";
import { playCodex } from "./clients/codex.ts";
import { playAiSdk, playLangchain, playOpenaiAgents } from "./clients/libraries.ts";
import type { Report } from "./clients/report.ts";
import { openStage, type Stage } from "./clients/stage.ts";

const INSTALL_MS = 300_000;
const PLAY_MS = 120_000;

interface Candidate {
  /** The package that counts, then what it needs beside it. */
  packages: readonly [string, ...string[]];
  play(stage: Stage): Promise<Report[]>;
}

const CLIENTS: Readonly<Record<string, Candidate>> = {
  claude: { packages: ["@anthropic-ai/claude-code@2.1.330"], play: playClaude },
  gemini: { packages: ["@google/gemini-cli@0.61.0"], play: playGemini },
  opencode: { packages: ["opencode-ai@1.18.33"], play: playOpencode },
  codex: { packages: ["@openai/codex@0.169.0"], play: playCodex },
  "mcp-remote": { packages: ["mcp-remote@0.15.1"], play: playMcpRemote },
  supergateway: { packages: ["supergateway@4.0.0"], play: playSupergateway },
  "ai-sdk": { packages: ["@ai-sdk/mcp@2.0.99"], play: playAiSdk },
  langchain: { packages: ["@langchain/mcp-adapters@1.1.4"], play: playLangchain },
  "openai-agents": { packages: ["@openai/agents@0.20.0"], play: playOpenaiAgents },
};

const wanted = Bun.argv.length > 2 ? Bun.argv.slice(2) : Object.keys(CLIENTS);
const unknown = wanted.filter((name) => !Object.hasOwn(CLIENTS, name));
if (unknown.length > 0) {
  console.error(`unknown client ${unknown.join(", ")}; known are ${Object.keys(CLIENTS).join(", ")}`);
  process.exit(2);
}

const root = realpathSync(mkdtempSync(join(tmpdir(), "mcp-clients-")));
const store = ["--db", join(root, "tasks.db"), "--artifacts", join(root, "artifacts")];
const executable = join(import.meta.dir, "..", "dist", "mcp-task-server");
const server = Bun.spawn([executable, "--http", "--port", "0", ...store], { stdin: "ignore", stderr: "pipe" });
let failures = 0;
try {
  const address = await listeningUrl(server.stderr);
  say("client", "version", "transport", "revision", "what was done", "result");
  say("---", "---", "---", "---", "---", "---");
  for (const name of wanted) {
    const candidate = CLIENTS[name];
    if (candidate !== undefined) {
      await tryClient(name, candidate, address);
    }
  }
} finally {
  server.kill();
  await server.exited;
  rmSync(root, { recursive: true, force: true });
}
process.exit(failures === 0 ? 0 : 1);

/** Installs one client, plays it, and prints its rows; whatever goes wrong is a row too. */
async function tryClient(name: string, { packages, play }: Candidate, address: string): Promise<void> {
  const folder = join(root, name);
  const version = packages[0].slice(packages[0].lastIndexOf("@") + 1);
  const began = performance.now();
  const stage = openStage(folder, [executable, ...store], address);
  try {
    await install(folder, packages);
    for (const { transport, revision, done, failure } of await within(PLAY_MS, play(stage))) {
      failures += failure === undefined ? 0 : 1;
      say(name, version, transport, revision, done, failure === undefined ? "ok" : `FAILED: ${failure}`);
    }
  } catch (error) {
    failures++;
    say(name, version, "", "", "", `FAILED: ${error instanceof Error ? error.message : error}`);
  }
  await stage.end();
  rmSync(folder, { recursive: true, force: true });
  process.stderr.write(`${name}: ${((performance.now() - began) / 1000).toFixed(0)} s\n`);
}

async function install(folder: string, packages: readonly string[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await Bun.write(join(folder, "package.json"), JSON.stringify({ private: true }));
  const bun = Bun.spawn([process.execPath, "add", "--exact", ...packages], {
    cwd: folder,
    env: { ...Bun.env, BUN_INSTALL_CACHE_DIR: join(folder, "cache") },
    stdout: "ignore",
    stderr: "pipe",
    timeout: INSTALL_MS,
  });
  const errors = await new Response(bun.stderr).text();
  if ((await bun.exited) !== 0) {
    throw new Error(`cannot install: ${errors}`);
  }
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not done after ${milliseconds / 1000} s`)), milliseconds);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** The address the server prints once it listens on the free port it took. */
async function listeningUrl(log: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  let text = "";
  for await (const part of log.pipeThrough(new TextDecoderStream())) {
    text += part;
    const url = /"msg":"listening","url":"([^"]+)"/.exec(text)?.[1];
    if (url !== undefined) {
      return url;
    }
  }
  throw new Error(`the HTTP server did not start: ${text}`);
}

function say(...cells: string[]): void {
  const shown = cells.map((cell) =>
    cell.replaceAll(root, "…").replace(/\s+/g, " ").replaceAll("|", "\\|").slice(0, 300),
  );
  process.stdout.write(`| ${shown.join(" | ")} |\n`);
}

// Agents on the command line: they are given the server three times, and list which of the three they can reach.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "./report.ts";
import type { Way } from "./sdk.ts";
import type { Stage } from "./stage.ts";

const NAMES: Readonly<Record<Way, string>> = { stdio: "tasks-stdio", http: "tasks-http", sse: "tasks-sse" };

/** Claude Code: `claude mcp add` thrice, `claude mcp list`. */
export async function playClaude(stage: Stage): Promise<Report[]> {
  const claude = (...args: string[]) => stage.run([stage.installed("@anthropic-ai/claude-code-*/claude"), ...args]);
  await claude("mcp", "add", "--transport", "stdio", NAMES.stdio, "--", ...stage.command);
  await claude("mcp", "add", "--transport", "http", NAMES.http, `${stage.url}/mcp`);
  await claude("mcp", "add", "--transport", "sse", NAMES.sse, `${stage.url}/sse`);
  return listed(stage, "claude mcp list", await claude("mcp", "list"));
}

/** Gemini CLI: a settings file in a trusted folder, `gemini mcp list`. */
export async function playGemini(stage: Stage): Promise<Report[]> {
  const [command, ...args] = stage.command;
  const mcpServers = {
    [NAMES.stdio]: { command, args },
    [NAMES.http]: { httpUrl: `${stage.url}/mcp` },
    [NAMES.sse]: { url: `${stage.url}/sse`, type: "sse" },
  };
  mkdirSync(join(stage.folder, ".gemini"), { recursive: true });
  await Bun.write(join(stage.folder, ".gemini", "settings.json"), JSON.stringify({ mcpServers }));
  const trusted = join(stage.folder, "home", ".gemini", "trustedFolders.json");
  await Bun.write(trusted, JSON.stringify({ [stage.folder]: "TRUST_FOLDER" }));
  return listed(stage, "gemini mcp list", await stage.run(stage.program(".bin/gemini", "mcp", "list")));
}

/** opencode: a configuration file, `opencode mcp list`. */
export async function playOpencode(stage: Stage): Promise<Report[]> {
  const mcp = {
    [NAMES.stdio]: { type: "local", command: stage.command },
    [NAMES.http]: { type: "remote", url: `${stage.url}/mcp` },
    [NAMES.sse]: { type: "remote", url: `${stage.url}/sse` },
  };
  await Bun.write(join(stage.folder, "opencode.json"), JSON.stringify({ mcp }));
  // The baseline build, where there is one, runs on every machine.
  const opencode = stage.installed("opencode-*-{x64-baseline,arm64}/bin/opencode");
  return listed(stage, "opencode mcp list", await stage.run([opencode, "mcp", "list"]));
}

/** One report a transport, from the line of the list that names it. */
function listed(stage: Stage, done: string, text: string): Report[] {
  return (["stdio", "http", "sse"] as const).map((way) => {
    const line = text.split("\n").find((each) => each.includes(NAMES[way])) ?? `no line in: ${text.trim()}`;
    const failure = /[✓✔].*connected|connected$/i.test(line) ? undefined : line;
    return { transport: way, revision: stage.revision(way), done, failure };
  });
}

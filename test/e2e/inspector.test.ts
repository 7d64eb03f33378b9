import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryFolder } from "../support/folder.ts";
import { EXECUTABLE, freshStore, startHttp } from "../support/server.ts";

/** The official MCP Inspector, in CLI mode; it asks for a newer Node than some machines have, and Bun runs it as well. */
const INSPECTOR = join(import.meta.dir, "..", "..", "node_modules", ".bin", "mcp-inspector");

interface Outcome {
  exitCode: number;
  text: string;
  errors: string;
}

/** Runs one Inspector command on a target: a command with its flags, or a URL with its transport. */
async function inspect(target: readonly string[], ...command: string[]): Promise<Outcome> {
  const cli = Bun.spawn([process.execPath, "--bun", INSPECTOR, "--cli", ...target, ...command], {
    stdout: "pipe",
    stderr: "pipe",
    env: { ...Bun.env, HOME: temporaryFolder() },
  });
  const [text, errors, exitCode] = await Promise.all([
    new Response(cli.stdout).text(),
    new Response(cli.stderr).text(),
    cli.exited,
  ]);
  return { exitCode, text, errors };
}

const tool = (name: string, args: Record<string, string>) => [
  "--method",
  "tools/call",
  "--tool-name",
  name,
  ...Object.entries(args).flatMap(([argument, value]) => ["--tool-arg", `${argument}=${value}`]),
];

const { url } = await startHttp(freshStore());
const targets: Record<string, readonly string[]> = {
  stdio: [EXECUTABLE, ...freshStore()],
  "Streamable HTTP": [`${url}/mcp`, "--transport", "http"],
  SSE: [`${url}/sse`, "--transport", "sse"],
};

describe("the MCP Inspector", () => {
  for (const [name, target] of Object.entries(targets)) {
    test(`over ${name} lists the tools strictly, and plays a handoff`, async () => {
      const listed = await inspect(target, "--method", "tools/list", "--strict");
      expect(listed.exitCode).toBe(0);
      expect(JSON.parse(listed.text).tools).toHaveLength(8);
      expect(listed.errors).not.toMatch(/warn/i);

      const task_id = name.replace(" ", "-");
      const calls = [
        tool("create_task", { task_id, title: "Fix login bug", goal: "Resolve auth error" }),
        tool("save_checkpoint", {
          task_id,
          agent: "claude-code",
          completed_steps: '["Reproduced bug"]',
          resume_prompt: "Fix it",
        }),
        tool("handoff_task", { task_id, from_agent: "claude-code", to_agent: "hermes" }),
        tool("update_task", { task_id, agent: "hermes", status: "done" }),
      ];
      for (const call of calls) {
        const { exitCode, text } = await inspect(target, ...call);
        expect(exitCode).toBe(0);
        expect(JSON.parse(text).isError).not.toBe(true);
      }
      const read = await inspect(target, "--method", "resources/read", "--uri", `task://${task_id}`);
      expect(JSON.parse(JSON.parse(read.text).contents[0].text)).toMatchObject({
        status: "done",
        current_owner: "hermes",
      });
      const templates = await inspect(target, "--method", "resources/templates/list");
      expect(templates.text).toContain("task://{task_id}");
    });
  }
});

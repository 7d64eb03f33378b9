import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type HandoffClient, outcomeOf, playHandoff } from "../../scripts/clients/handoff.ts";
import { temporaryFolder } from "../support/folder.ts";
import { EXECUTABLE, freshStore, startHttp } from "../support/server.ts";

/** The official MCP Inspector, in CLI mode; it asks for a newer Node than some machines have, and Bun runs it as well. */
const INSPECTOR = join(import.meta.dir, "..", "..", "node_modules", ".bin", "mcp-inspector");

/** The Inspector's exit code for a result with `isError`. */
const REFUSED = 5;

interface Outcome {
  exitCode: number;
  text: string;
  errors: string;
}

const HOME = temporaryFolder();

/** Runs one Inspector command on a target: a command with its flags, or a URL with its transport. */
async function inspect(target: readonly string[], ...command: string[]): Promise<Outcome> {
  const cli = Bun.spawn([process.execPath, "--bun", INSPECTOR, "--cli", ...target, ...command], {
    stdout: "pipe",
    stderr: "pipe",
    env: { ...Bun.env, HOME },
  });
  const [text, errors, exitCode] = await Promise.all([
    new Response(cli.stdout).text(),
    new Response(cli.stderr).text(),
    cli.exited,
  ]);
  return { exitCode, text, errors };
}

/** An agent whose every call is one run of the Inspector. */
function inspectorOn(target: readonly string[]): HandoffClient {
  return {
    async call(tool, args) {
      const wanted = ["--method", "tools/call", "--tool-name", tool, "--tool-args-json", JSON.stringify(args)];
      const { exitCode, text, errors } = await inspect(target, ...wanted);
      if (exitCode !== 0 && exitCode !== REFUSED) {
        throw new Error(`the Inspector ended with ${exitCode}: ${errors}`);
      }
      return outcomeOf(JSON.parse(text));
    },
    async read(uri) {
      const { text } = await inspect(target, "--method", "resources/read", "--uri", uri);
      return JSON.parse(text).contents[0].text;
    },
  };
}

const { url } = await startHttp(freshStore());
const TARGETS: Readonly<Record<string, readonly string[]>> = {
  stdio: [EXECUTABLE, ...freshStore()],
  http: [`${url}/mcp`, "--transport", "http"],
  sse: [`${url}/sse`, "--transport", "sse"],
};
const ways = Object.entries(TARGETS).flatMap(([transport, target]) =>
  ["legacy", "auto", "modern"].map((era) => ({ transport, era, target: [...target, "--protocol-era", era] })),
);

describe("the MCP Inspector", () => {
  // Ten processes each, all at once: on a busy machine that takes its time.
  for (const { transport, era, target } of ways.filter((way) => way.transport !== "sse" || way.era !== "modern")) {
    test.concurrent(`over ${transport}, era ${era}, finds no fault with the tools and plays a handoff`, async () => {
      const listed = await inspect(target, "--method", "tools/list", "--strict");
      expect(listed.errors).not.toMatch(/warn|error/i);
      expect(listed.exitCode).toBe(0);
      expect(JSON.parse(listed.text).tools).toHaveLength(10);
      const agent = inspectorOn(target);
      await playHandoff(agent, agent, `${transport}-${era}`);
    }, 180_000);
  }

  test("over sse, era modern, is refused: the event stream is of 2024-11-05", async () => {
    const target = [...(TARGETS["sse"] ?? []), "--protocol-era", "modern"];
    const { exitCode, errors } = await inspect(target, "--method", "tools/list");
    expect(exitCode).not.toBe(0);
    expect(errors).toContain("did not offer pinned protocol version 2026-07-28");
  });

  test("over stdio, era modern, finds the templates and the prompts", async () => {
    const target = [...(TARGETS["stdio"] ?? []), "--protocol-era", "modern"];
    const templates = await inspect(target, "--method", "resources/templates/list");
    expect(templates.text).toContain("task://{task_id}");
    const prompts = await inspect(target, "--method", "prompts/list");
    expect(prompts.text).toContain("resume_task");
  });
});

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type HandoffClient, playHandoff } from "../../scripts/clients/handoff.ts";
import { temporaryFolder } from "../support/folder.ts";
import { EXECUTABLE, freshStore, startHttp } from "../support/server.ts";

const MCPORTER = join(import.meta.dir, "..", "..", "node_modules", ".bin", "mcporter");
const HOME = temporaryFolder();
const CONFIG = join(HOME, "mcporter.json");

const { url } = await startHttp(freshStore());
const servers = {
  stdio: { command: EXECUTABLE, args: freshStore() },
  http: { url: `${url}/mcp` },
  sse: { url: `${url}/sse` },
};
await Bun.write(CONFIG, JSON.stringify({ mcpServers: servers, imports: [] }));

/** Runs mcporter and answers the JSON it prints; it prints a refused call's answer too, and ends with 1. */
async function mcporter(...args: string[]) {
  const cli = Bun.spawn([process.execPath, "--bun", MCPORTER, "--config", CONFIG, ...args], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...Bun.env, HOME, XDG_CONFIG_HOME: HOME, XDG_CACHE_HOME: HOME, XDG_DATA_HOME: HOME },
  });
  const [text, errors, exitCode] = await Promise.all([
    new Response(cli.stdout).text(),
    new Response(cli.stderr).text(),
    cli.exited,
  ]);
  if (text.trim() === "") {
    throw new Error(`mcporter ended with ${exitCode}: ${errors}`);
  }
  return { exitCode, data: JSON.parse(text) };
}

/** An agent whose every call is one run of mcporter. */
function mcporterOn(server: string): HandoffClient {
  return {
    async call(tool, args) {
      const wanted = [`${server}.${tool}`, "--args", JSON.stringify(args), "--output", "json"];
      const { exitCode, data } = await mcporter("call", ...wanted);
      return { refused: exitCode !== 0, data };
    },
    read: async (uri) => JSON.stringify((await mcporter("resource", server, uri)).data),
  };
}

describe("mcporter", () => {
  test("finds every server healthy, with all its tools", async () => {
    const { data } = await mcporter("list", "--json");
    for (const { status, tools } of data.servers) {
      expect({ status, tools: tools.length }).toEqual({ status: "ok", tools: 10 });
    }
    expect(data.counts).toMatchObject({ ok: Object.keys(servers).length });
  });

  test.concurrent.each(Object.keys(servers))("plays a handoff over %s", async (server) => {
    const agent = mcporterOn(server);
    await playHandoff(agent, agent, `mcporter-${server}`);
  });
});

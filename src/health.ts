import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { createClock } from "./clock.ts";
import type { Config } from "./config.ts";
import { SERVER_INFO } from "./protocol/server-info.ts";
import { openArtifactFolder } from "./store/artifact-folder.ts";
import { openStore } from "./store/sqlite/open.ts";

/** One thing that was looked at. */
export interface Check {
  name: string;
  ok: boolean;
  detail: string;
}

const PATIENCE_MS = 10_000;

/** Looks at everything a server with this configuration needs; `command` starts one. */
export async function checkHealth(config: Config, command: readonly [string, ...string[]]): Promise<Check[]> {
  const [file, ...args] = command;
  const paths = ["--db", config.db, "--artifacts", config.artifacts];
  return [
    await check("executable", async () => {
      await access(file, constants.X_OK);
      return file;
    }),
    await check("database", async () => {
      const store = await openStore(config.db, { now: createClock(), onOutdated: () => undefined });
      try {
        await store.probe();
        const { durability, schema, wal_bytes, last_backup = "never" } = await store.state();
        return `${config.db} is writable; durability ${durability}, schema ${schema}, log ${wal_bytes} bytes, last backup ${last_backup}`;
      } finally {
        await store.close();
      }
    }),
    await check("artifacts", async () => {
      await openArtifactFolder(config.artifacts).probe();
      return `${config.artifacts} is writable`;
    }),
    await check("stdio", () =>
      exchange(new StdioClientTransport({ command: file, args: [...args, ...paths], stderr: "ignore" })),
    ),
    await check("http", () => checkHttp(config)),
  ];
}

async function check(name: string, look: () => Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, detail: await look() };
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

async function checkHttp({ host, port, token }: Config): Promise<string> {
  const base = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const health = await fetch(`${base}/health`, { headers, signal: AbortSignal.timeout(PATIENCE_MS) }).catch(
    (error: unknown) => {
      if (error instanceof Error && "code" in error && /^(ConnectionRefused|ECONNREFUSED)$/.test(`${error.code}`)) {
        return undefined;
      }
      throw error;
    },
  );
  if (health === undefined) {
    return `no server runs on ${base}`;
  }
  const status = await health.text();
  if (!health.ok || !/"status":\s*"ok"/.test(status)) {
    throw new Error(`${base}/health answers ${health.status}: another program holds the port, or the server is ill`);
  }
  if (token === undefined && (await fetch(`${base}/mcp`)).status === 401) {
    return `${base} answers, and asks for a token: with MCP_TASK_TOKEN an exchange is checked, too`;
  }
  const { streams, sessions } = Object(JSON.parse(status));
  const load = streams === undefined ? "" : `; ${streams} streams, ${sessions} sessions`;
  const transport = new StreamableHTTPClientTransport(new URL(`${base}/mcp`), { requestInit: { headers } });
  return `${base}: ${await exchange(transport)}${load}`;
}

/** initialize, tools/list and a read, by the official client: what every agent does first. */
async function exchange(transport: Transport): Promise<string> {
  const client = new Client({ name: "mcp-task-server-healthcheck", version: SERVER_INFO.version });
  const timeout = { timeout: PATIENCE_MS };
  try {
    await client.connect(transport, timeout);
    const { tools } = await client.listTools({}, timeout);
    const read = await client.callTool({ name: "list_tasks", arguments: { limit: 1 } }, undefined, timeout);
    if (read.isError) {
      throw new Error(`list_tasks answers ${JSON.stringify(read.content)}`);
    }
    return `${client.getServerVersion()?.name} ${client.getServerVersion()?.version} answers with ${tools.length} tools`;
  } finally {
    await client.close();
  }
}

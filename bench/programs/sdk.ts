// `sdk <database> [bare]`: get_task as the official SDK serves it to whoever takes it as it is, by its Server on its stdio
// transport: the product's own tool or, bare, the store alone, with no rule, check or limit of ours on the way.
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { createClock } from "../../src/clock.ts";
import { createIds, createToken } from "../../src/id.ts";
import { lazyArtifacts } from "../../src/late.ts";
import { createLog } from "../../src/log.ts";
import { createHandlers } from "../../src/protocol/handlers.ts";
import { createScans } from "../../src/redact/scans.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import { createWaiters } from "../../src/tools/waiters.ts";

const [database = "", bare] = Bun.argv.slice(2);
const store = await openStore(database, { now: createClock(), onOutdated: () => undefined });
const server = new Server({ name: "sdk", version: "1.0" }, { capabilities: { tools: {} } });
server.setRequestHandler(CallToolRequestSchema, bare === undefined ? productsTool() : storeAlone);
process.stdin.on("end", () => process.exit(0));
await server.connect(new StdioServerTransport());

async function storeAlone({ params }: { params: { arguments?: Record<string, unknown> | undefined } }) {
  const { task, progress, artifacts } = (await store.find(String(params.arguments?.["task_id"]))) ?? {};
  const structuredContent = { ...task, ...progress, artifacts };
  return { content: [{ type: "text", text: JSON.stringify(structuredContent) }], structuredContent };
}

function productsTool() {
  const log = createLog(false);
  const artifacts = lazyArtifacts(`${database}-artifacts`, () => undefined);
  const changes = { on: () => () => undefined };
  const waiters = createWaiters({ store, changes, stopping: new AbortController().signal, onError: log.error });
  const grant = () => ({ token: createToken(), lease_seconds: 3600, offer_seconds: 3600 });
  const tools = { store, artifacts, id: createIds(), grant, waiters };
  const feed = { add: () => undefined, remove: () => undefined };
  const services = { tools, scans: createScans("redact"), feed, log };
  const { methods } = createHandlers(() => services, log);
  const call = methods.get("tools/call");
  return async ({ params }: { params: Record<string, unknown> }, { signal }: { signal: AbortSignal }) => {
    const context = { capabilities: {}, local: true, signal, linger: () => undefined, notify: async () => undefined };
    return { ...(await call?.(params, { ...context, reserve: async () => () => undefined })) };
  };
}

// `sdk <database>`: get_task as the official SDK serves it to whoever takes it as it is: its Server on its stdio transport,
// over the same store, with no rule, check or limit of ours on the way.
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { createClock } from "../../src/clock.ts";
import { openStore } from "../../src/store/sqlite/open.ts";

const store = await openStore(Bun.argv[2] ?? "", { now: await createClock(), onOutdated: () => undefined });
const server = new Server({ name: "sdk", version: "1.0" }, { capabilities: { tools: {} } });
server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
  const { task, progress, artifacts } = (await store.find(String(params.arguments?.["task_id"]))) ?? {};
  const structuredContent = { ...task, ...progress, artifacts };
  return { content: [{ type: "text", text: JSON.stringify(structuredContent) }], structuredContent };
});
process.stdin.on("end", () => process.exit(0));
await server.connect(new StdioServerTransport());

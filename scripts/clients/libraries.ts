// Libraries that agents are built with; what is used of each is typed here, since none of them is a dependency.
import { type Outcome, outcomeOf } from "./handoff.ts";
import { type Report, reportHandoff } from "./report.ts";
import type { Way } from "./sdk.ts";
import type { Stage } from "./stage.ts";

type Members = Readonly<Record<string, unknown>>;

const WAYS = ["stdio", "http", "sse"] as const;

interface AiClient {
  callTool(call: { name: string; arguments: Members }): Promise<unknown>;
  tools(): Promise<Record<string, { execute(args: Members, options: Members): Promise<unknown> }>>;
  readResource(resource: { uri: string }): Promise<{ contents: { text: string }[] }>;
  close(): Promise<void>;
}

/** `@ai-sdk/mcp`: its tools, executed as a model's call would be. */
export async function playAiSdk(stage: Stage): Promise<Report[]> {
  const { createMCPClient } = await stage.load<{ createMCPClient(options: Members): Promise<AiClient> }>("@ai-sdk/mcp");
  const { Experimental_StdioMCPTransport: Stdio } = await stage.load<{
    Experimental_StdioMCPTransport: new (options: Members) => object;
  }>("@ai-sdk/mcp/mcp-stdio");
  const [command, ...args] = stage.command;
  const transports: Record<Way, () => object> = {
    stdio: () => new Stdio({ command, args }),
    http: () => ({ type: "http", url: `${stage.url}/mcp` }),
    sse: () => ({ type: "sse", url: `${stage.url}/sse` }),
  };
  return playEach(stage, async (way) => {
    const client = await createMCPClient({ transport: transports[way]() });
    const tools = await client.tools();
    return {
      call: async (tool, given) =>
        outcomeOf(await tools[tool]?.execute(given, { toolCallId: crypto.randomUUID(), messages: [] })),
      read: async (uri) => textOf((await client.readResource({ uri })).contents),
      close: () => client.close(),
    };
  });
}

interface LangchainClient {
  getTools(): Promise<{ name: string; invoke(args: Members): Promise<unknown> }[]>;
  readResource(server: string, uri: string): Promise<{ text: string }[]>;
  close(): Promise<void>;
}

/** `@langchain/mcp-adapters`: its tools, invoked; a refusal is thrown there, with our answer in its message. */
export async function playLangchain(stage: Stage): Promise<Report[]> {
  const { MultiServerMCPClient: Client } = await stage.load<{
    MultiServerMCPClient: new (options: Members) => LangchainClient;
  }>("@langchain/mcp-adapters");
  const [command, ...args] = stage.command;
  const servers: Record<Way, Members> = {
    stdio: { transport: "stdio", command, args },
    http: { transport: "http", url: `${stage.url}/mcp` },
    sse: { transport: "sse", url: `${stage.url}/sse` },
  };
  return playEach(stage, async (way) => {
    const client = new Client({ mcpServers: { tasks: servers[way] } });
    const tools = await client.getTools();
    return {
      async call(tool, given) {
        try {
          const answer = await tools.find(({ name }) => name === tool)?.invoke(given);
          return outcomeOf({ content: [answer] });
        } catch (error) {
          const message = String(error);
          return { refused: true, data: JSON.parse(message.slice(message.indexOf("{"))) };
        }
      },
      read: async (uri) => textOf(await client.readResource("tasks", uri)),
      close: () => client.close(),
    };
  });
}

interface AgentsServer {
  connect(): Promise<void>;
  listTools(): Promise<unknown[]>;
  callTool(name: string, args: Members): Promise<unknown>;
  readResource(uri: string): Promise<{ contents: { text: string }[] }>;
  close(): Promise<void>;
}
type AgentsServerClass = new (options: Members) => AgentsServer;

/** `@openai/agents`: its three kinds of MCP server; it hands on content alone, so a refusal is known by its code. */
export async function playOpenaiAgents(stage: Stage): Promise<Report[]> {
  const library =
    await stage.load<Record<"MCPServerStdio" | "MCPServerStreamableHttp" | "MCPServerSSE", AgentsServerClass>>(
      "@openai/agents",
    );
  const [command, ...args] = stage.command;
  const servers: Record<Way, () => AgentsServer> = {
    stdio: () => new library.MCPServerStdio({ command, args }),
    http: () => new library.MCPServerStreamableHttp({ url: `${stage.url}/mcp` }),
    sse: () => new library.MCPServerSSE({ url: `${stage.url}/sse` }),
  };
  return playEach(stage, async (way) => {
    const server = servers[way]();
    await server.connect();
    await server.listTools();
    return {
      async call(tool, given) {
        const { data } = outcomeOf({ content: await server.callTool(tool, given) });
        return { refused: data["code"] !== undefined, data };
      },
      read: async (uri) => textOf((await server.readResource(uri)).contents),
      close: () => server.close(),
    };
  });
}

interface Library {
  call(tool: string, args: Members): Promise<Outcome>;
  read(uri: string): Promise<string>;
  close(): Promise<void>;
}

async function playEach(stage: Stage, connect: (way: Way) => Promise<Library>): Promise<Report[]> {
  const reports: Report[] = [];
  for (const way of WAYS) {
    reports.push(
      await reportHandoff(
        way,
        () => connect(way),
        () => stage.revision(way),
      ),
    );
  }
  return reports;
}

function textOf([content]: readonly { text: string }[]): string {
  return content?.text ?? "";
}

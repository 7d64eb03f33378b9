import { afterAll } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { temporaryFolder } from "./folder.ts";

/** The executable under test, as users get it: `bun run build` makes it. */
export const EXECUTABLE = join(import.meta.dir, "..", "..", "dist", "mcp-task-server");

if (!existsSync(EXECUTABLE)) {
  throw new Error("dist/mcp-task-server is missing: `bun run build` makes it");
}

/** Flags that give a server a store of its own. */
export function freshStore(): string[] {
  const folder = temporaryFolder();
  return ["--db", join(folder, "tasks.db"), "--artifacts", join(folder, "artifacts")];
}

type Message = Record<string, unknown>;

/** A server on stdio, spoken to line by line. */
export interface StdioServer {
  process: Bun.Subprocess<"pipe", "pipe", "pipe">;
  /** Sends text as it is. */
  write(text: string): void;
  /** Sends one message and resolves with the answer of the same id. */
  request(method: string, params?: Message): Promise<Message>;
  /** Opens the session. */
  initialize(revision?: string): Promise<Message>;
  /** The next answer for which `wanted` holds, whether it has come already or not. */
  next(wanted: (message: Message) => boolean): Promise<Message>;
  /** Ends the input and resolves with the exit code. */
  end(): Promise<number>;
  /** Everything the server has answered so far. */
  received: Message[];
}

/** Starts the executable on stdio; it is killed when the test file is done. */
export function startStdio(
  flags: readonly string[],
  {
    command = [EXECUTABLE],
    ...options
  }: { cwd?: string; env?: Record<string, string>; command?: readonly string[] } = {},
): StdioServer {
  const process = Bun.spawn([...command, ...flags], { stdin: "pipe", stdout: "pipe", stderr: "pipe", ...options });
  afterAll(() => process.kill("SIGKILL"));
  const received: Message[] = [];
  const waiting: {
    wanted: (message: Message) => boolean;
    resolve: (message: Message) => void;
    reject: (error: Error) => void;
  }[] = [];
  let over = false;
  const ended = () =>
    new Error(`the server ended without the answer; it had sent ${JSON.stringify(received).slice(0, 500)}`);
  const reading = (async () => {
    let rest = "";
    for await (const chunk of process.stdout.pipeThrough(new TextDecoderStream())) {
      if (!chunk.includes("\n")) {
        rest += chunk;
        continue;
      }
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const message: Message = JSON.parse(line);
        received.push(message);
        const index = waiting.findIndex(({ wanted }) => wanted(message));
        waiting
          .splice(index, index < 0 ? 0 : 1)
          .at(0)
          ?.resolve(message);
      }
    }
    over = true;
    for (const { reject } of waiting) {
      reject(ended());
    }
  })();
  let id = 0;
  const server: StdioServer = {
    process,
    received,
    // To a server that was killed nothing can be written; whoever waits for its answer is told.
    write: (text) => void Promise.resolve(process.stdin.write(text)).catch(() => undefined),
    next: (wanted) => {
      const found = received.find(wanted);
      if (found !== undefined) {
        return Promise.resolve(found);
      }
      return over
        ? Promise.reject(ended())
        : new Promise((resolve, reject) => waiting.push({ wanted, resolve, reject }));
    },
    request(method, params) {
      const mine = `r${++id}`;
      server.write(`${JSON.stringify({ jsonrpc: "2.0", id: mine, method, params })}\n`);
      return server.next((message) => message["id"] === mine);
    },
    async initialize(revision = "2025-11-25") {
      const clientInfo = { name: "test-client", version: "1.0" };
      const answer = await server.request("initialize", { protocolVersion: revision, capabilities: {}, clientInfo });
      server.write(`${JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" })}\n`);
      return answer;
    },
    async end() {
      process.stdin.end();
      await reading;
      return process.exited;
    },
  };
  return server;
}

/** A server on HTTP. */
export interface HttpServer {
  process: Bun.Subprocess<"ignore", "ignore", "pipe">;
  url: string;
}

/** Starts the executable on a free port of 127.0.0.1 and waits until it listens; `before` is a command that becomes it. */
export async function startHttp(
  flags: readonly string[],
  env?: Record<string, string>,
  before: readonly string[] = [],
): Promise<HttpServer> {
  const process = Bun.spawn([...before, EXECUTABLE, "--http", "--port", "0", ...flags], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    ...(env && { env }),
  });
  afterAll(() => process.kill("SIGKILL"));
  const errors = process.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await errors.read();
    text += value ?? "";
    const url = /"msg":"listening","url":"([^"]+)"/.exec(text)?.[1];
    if (url !== undefined) {
      void drain(errors);
      return { process, url };
    }
    if (done) {
      throw new Error(`the server did not start: ${text}`);
    }
  }
}

async function drain(reader: { read(): Promise<{ done: boolean }> }): Promise<void> {
  while (!(await reader.read()).done) {
    // A full pipe would stop the server.
  }
}

/** The ways a client of the official SDK can reach a server. */
export const transports = {
  stdio: (flags: readonly string[]): Transport =>
    new StdioClientTransport({ command: EXECUTABLE, args: [...flags], stderr: "ignore" }),
  sse: (url: string): Transport => new SSEClientTransport(new URL("/sse", url)),
  http: (url: string): Transport => new StreamableHTTPClientTransport(new URL("/mcp", url)),
};

/** Connects a client of the official SDK; it is closed when the test file is done. */
export async function connect(transport: Transport, name = "test-client"): Promise<Client> {
  const client = new Client({ name, version: "1.0" });
  await client.connect(transport);
  afterAll(() => client.close());
  return client;
}

/** Calls a tool and answers its structured content. Throws what the tool refused. */
export async function call(client: Client, name: string, args: Message): Promise<Message> {
  const result = await client.callTool({ name, arguments: args });
  if (result.isError === true) {
    throw new Error(JSON.stringify(result.content));
  }
  return { ...Object(result.structuredContent) };
}

/** Calls a tool that is expected to refuse, and answers the refusal: code, message, details. */
export async function refusal(
  client: Client,
  name: string,
  args: Message,
): Promise<{ code: string; message: string; details?: Message }> {
  const { isError, content } = await client.callTool({ name, arguments: args });
  if (isError !== true || !Array.isArray(content)) {
    throw new Error(`${name} did not refuse: ${JSON.stringify(content)}`);
  }
  return JSON.parse(content[0].text);
}

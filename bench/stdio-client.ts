import { join } from "node:path";

/** The executable that is measured. */
export const EXECUTABLE = join(import.meta.dir, "..", "dist", "mcp-task-server");

const ENVELOPE = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1.0" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** A client of 2026-07-28 on stdio that does as little as can be done, so that the server is what is measured. */
export interface BenchClient {
  pid: number;
  /** Sends a tool call, waits for its answer, and tells how long that took, in milliseconds. */
  call(name: string, args: object): Promise<{ ms: number; answer: Record<string, unknown> }>;
  /** Sends any request and answers its whole line. */
  ask(method: string, params: object): Promise<string>;
  end(): Promise<void>;
}

/** Starts the executable on a database. Calls that are refused throw. */
export function startClient(db: string, flags: readonly string[] = []): BenchClient {
  const server = Bun.spawn([EXECUTABLE, "--db", db, "--artifacts", join(db, "..", "artifacts"), ...flags], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const reader = server.stdout.getReader();
  const decoder = new TextDecoder();
  let id = 0;
  async function ask(method: string, params: object): Promise<string> {
    id++;
    server.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params: { ...params, _meta: ENVELOPE } })}\n`);
    server.stdin.flush();
    let line = "";
    while (!line.endsWith("\n")) {
      const { value, done } = await reader.read();
      if (done) {
        throw new Error("the server ended");
      }
      line += decoder.decode(value, { stream: true });
    }
    return line;
  }
  return {
    pid: server.pid,
    ask,
    async call(name, args) {
      const started = performance.now();
      const line = await ask("tools/call", { name, arguments: args });
      const ms = performance.now() - started;
      const { result } = JSON.parse(line);
      if (result?.structuredContent === undefined) {
        throw new Error(`${name} ${JSON.stringify(args).slice(0, 500)}: ${line.slice(0, 500)}`);
      }
      return { ms, answer: result.structuredContent };
    },
    async end() {
      server.stdin.end();
      await server.exited;
    },
  };
}

/** A JSON-RPC message, or any other JSON object. */
export type Message = Record<string, unknown>;

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1.0" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** The two eras of the protocol: each request complete in itself, or within a session that `initialize` opened. */
export type Era = "stateless" | "session";

/** A request as its era has it, without the id. */
export function requestOf(era: Era, method: string, params: Message = {}): Message {
  return { jsonrpc: "2.0", method, params: era === "stateless" ? { ...params, _meta: META } : params };
}

/** A tool call. */
export function callOf(era: Era, name: string, args: Message): Message {
  return requestOf(era, "tools/call", { name, arguments: args });
}

/** What opens a session, the oldest revision that all servers compared here know unless told otherwise. */
export function initializeOf(protocolVersion = "2025-11-25"): Message {
  const clientInfo = { name: "bench", version: "1.0" };
  return { jsonrpc: "2.0", method: "initialize", params: { protocolVersion, capabilities: {}, clientInfo } };
}

/** A task with as much to tell as one that has been worked on for a while: some 1.7 KB. */
export const PROGRESS = {
  completed_steps: ["Read the parser and its tests", "Found where escapes are lost", "Wrote a failing test for it"],
  remaining_steps: ["Keep escapes in lexer.ts", "Run the whole suite", "Say it in the changelog"],
  test_results: [
    {
      command: "bun test test/lexer.test.ts",
      status: "failed",
      passed: 40,
      failed: 1,
      output: "keeps escapes: expected 3, received 2",
    },
  ],
  resume_prompt: "Open src/lexer.ts at readString: it calls unescape() before the token is cut; call it after.",
  context: "The token's length counts raw bytes, so unescaping first shifts every position behind it. ".repeat(12),
};

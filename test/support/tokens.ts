import { join } from "node:path";
import { postStateless } from "./eras.ts";
import { temporaryFolder } from "./folder.ts";
import { EXECUTABLE } from "./server.ts";

/** A store of its own, and the token commands on it. */
export function place() {
  const folder = temporaryFolder();
  const flags = ["--db", join(folder, "tasks.db"), "--artifacts", join(folder, "artifacts")];
  const token = (...operands: string[]) => {
    const { exitCode, stdout, stderr } = Bun.spawnSync([EXECUTABLE, "token", ...operands, ...flags]);
    return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
  };
  return { folder, flags, token, create: (...operands: string[]) => token("create", ...operands).stdout.trim() };
}

/** The header that shows a token. */
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

const JSON_HEADERS = { "content-type": "application/json", accept: "application/json, text/event-stream" };
/** What opens a session. */
export const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } },
};

/** POSTs one message of a session. */
export const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(url, { method: "POST", headers: { ...JSON_HEADERS, ...headers }, body: JSON.stringify(body) });

/** Calls a tool statelessly and answers its structured content, or its refusal. */
export async function callTool(url: string, token: string, name: string, args: Record<string, unknown>) {
  const response = await postStateless(url, "tools/call", { name, arguments: args }, bearer(token));
  const { result } = Object(await response.json());
  return result.isError ? JSON.parse(result.content[0].text) : result.structuredContent;
}

import { ENVELOPE, enveloped } from "./eras.ts";
import { connectRaw, inSession, openSession, type RawConnection, type Session, toolCall } from "./raw-http.ts";
import { type StdioServer, startStdio } from "./server.ts";

type Message = Record<string, unknown>;

/** What a call answered: its content, or its refusal. */
export function answerOf(message: unknown): Message {
  const { structuredContent, isError, content } = Object(Object(message).result);
  return isError === true ? JSON.parse(content[0].text) : { ...structuredContent };
}

/** The parameters of a call that waits for the next task. */
export function claimNext(agent: string, wait_seconds = 45) {
  return { name: "claim_task", arguments: { agent, repo_path: "*", wait_seconds } };
}

/** A server on stdio, its session open. */
export async function onStdio(flags: readonly string[]): Promise<StdioServer> {
  const server = startStdio(flags);
  await server.initialize();
  return server;
}

/** The arguments that create a task. */
export function creation(task_id: string) {
  return { task_id, title: "Title", goal: "Goal" };
}

/** Calls a tool on stdio. */
export async function callOn(server: StdioServer, name: string, args: Message): Promise<Message> {
  return answerOf(await server.request("tools/call", { name, arguments: args }));
}

/** Creates a task. */
export async function create(server: StdioServer, task_id: string): Promise<void> {
  await callOn(server, "create_task", creation(task_id));
}

/** The notification by which a client cancels. */
export function cancellation(requestId: string) {
  return { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId, reason: "no more" } };
}

/** Begins to wait on stdio; `waiting` resolves when the server does, and tells so. */
export function beginOnStdio(server: StdioServer, agent: string, era: "session" | "stateless" = "session") {
  const _meta = { progressToken: agent, ...(era === "stateless" && ENVELOPE) };
  const params = { ...claimNext(agent), _meta };
  server.write(`${JSON.stringify({ jsonrpc: "2.0", id: agent, method: "tools/call", params })}\n`);
  const answer = server.next(({ id }) => id === agent).then(answerOf);
  // The server may end without it, which is for the test to say.
  answer.catch(() => undefined);
  return { waiting: server.next(({ params: told }) => Object(told).progressToken === agent), answer };
}

/** A call that waits over HTTP, read byte by byte. */
export interface RawWait {
  connection: RawConnection;
  answer(): Promise<Message>;
}

/** Begins to wait by a POST of 2026-07-28, on a connection of its own; resolves when the server waits. */
export async function beginStateless(url: string, agent: string): Promise<RawWait> {
  const headers = {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "claim_task",
  };
  const params = enveloped({ ...claimNext(agent), _meta: { progressToken: agent } });
  return begin(url, { headers }, { ...toolCall(1, "", {}), params });
}

/** Begins to wait in a session of /mcp, by a request whose id is the agent's name. */
export async function beginInSession(url: string, agent: string, session?: Session): Promise<RawWait> {
  const params = { ...claimNext(agent), _meta: { progressToken: agent } };
  return begin(url, session ?? (await openSession(url)), { ...toolCall(agent, "", {}), params });
}

async function begin(url: string, by: Pick<Session, "headers">, message: Message): Promise<RawWait> {
  const connection = connectRaw(url);
  connection.socket.write(inSession(by, message));
  await connection.until((received) => received.includes("notifications/progress"));
  return {
    connection,
    async answer() {
      const received = await connection.until((text) => /^data: .*"result".*\n/m.test(text));
      return answerOf(JSON.parse(/^data: (.*"result".*)$/m.exec(received)?.[1] ?? "null"));
    },
  };
}

import { refuseBeyondRole } from "../domain/access.ts";
import { quote } from "../domain/clean.ts";
import type { RepoState } from "../domain/drift.ts";
import { TaskError } from "../domain/errors.ts";
import { cancellable } from "../tools/cancellable.ts";
import { repoStateFor } from "../tools/drift.ts";
import { keyed } from "../tools/keyed.ts";
import { TOOLS } from "../tools/table.ts";
import type { Tool, ToolContext } from "../tools/tool.ts";
import type { Turns } from "../turns.ts";
import { metaOf } from "./envelope.ts";
import { failedCall, ProtocolError } from "./failure.ts";
import type { RequestContext, Services } from "./handlers.ts";
import { keyOf } from "./idempotency.ts";
import { isMembers, type Members, RPC } from "./jsonrpc.ts";

const BY_NAME = new Map(TOOLS.map((tool) => [tool.name, tool]));

/** Arguments nested deeper are refused before anything recursive sees them. */
const DEPTH = 32;

/** `tools/call`. Throws for an unknown tool; a mistake in the arguments is a result with `isError`. */
export async function callTool(
  services: Services,
  turns: Turns,
  params: Members,
  context: RequestContext,
): Promise<Members> {
  const { name, arguments: given = {} } = params;
  const tool = toolNamed(name);
  const callContext = contextOf(services, tool, params, context);
  try {
    if (context.principal !== undefined) {
      const force = isMembers(given) && given["force"] === true;
      refuseBeyondRole(context.principal, { tool: tool.name, effect: tool.effect, force });
    }
    // Before anything can store, hash or quote the arguments.
    const before = tool.effect === "write" ? services.scans.scan(given) : services.scans.settled();
    const scan = (before instanceof Promise ? await before : before) ?? undefined;
    const args = storable(tool.name, scan?.args ?? given);
    const key =
      tool.effect === "write" ? keyOf(params, { tool: tool.name, args, caller: callContext.caller }) : undefined;
    const look = repoStateFor(services.tools, tool, args);
    const begin = (repo_state?: RepoState) => {
      const whole = { ...callContext, withoutSecrets: scan?.bytes, secretsFound: scan?.tally, repo_state };
      return { answer: tool.call(keyed(whole, key), args) };
    };
    const beginInTurn = () => (look === undefined ? begin() : look.then(begin));
    // The calls of one client get to the store as they came, however long one looks at a repository before.
    const begun = context.local ? turns.take(beginInTurn) : beginInTurn();
    const answer = await (begun instanceof Promise ? await begun : begun).answer;
    // What is undefined in it is left out when the whole is printed, as it is from the text.
    // What a kept answer says of secrets holds: a repeat may have scanned less than the first call.
    const structuredContent = scan === undefined ? answer : { ...answer, ...scan.tally(), ...answer };
    return { content: [{ type: "text", text: JSON.stringify(structuredContent) }], structuredContent };
  } catch (error) {
    if (context.signal.aborted && error === context.signal.reason) {
      // Nobody is answered.
      return { content: [], isError: true };
    }
    return failedCall(error, tool.name, services.log);
  }
}

/** Throws for a tool that there is none of. */
function toolNamed(name: unknown): Tool {
  const tool = typeof name === "string" ? BY_NAME.get(name) : undefined;
  if (tool === undefined) {
    const known = [...BY_NAME.keys()].join(", ");
    throw new ProtocolError(
      RPC.invalidParams,
      `Unknown tool: ${typeof name === "string" ? quote(name) : "params.name is missing"}; known are ${known}`,
    );
  }
  return tool;
}

/** What a tool may reach in one call, before the call's arguments were looked at. */
function contextOf({ tools, agent }: Services, { effect }: Tool, params: Members, context: RequestContext) {
  return {
    ...tools,
    store: effect === "write" ? cancellable(tools.store, context.signal) : tools.store,
    signal: () => context.signal,
    leaving: context.leaving,
    linger: context.linger,
    progress: progressOf(params, context),
    caller: { principal: context.principal, configured: agent, client: context.client },
    readFile: context.local ? tools.readFile : undefined,
  };
}

/** How the call tells its progress, where the client gave a token to tell it by. */
function progressOf(params: Members, { notify }: RequestContext): ToolContext["progress"] {
  const { progressToken } = metaOf(params);
  if (typeof progressToken !== "string" && typeof progressToken !== "number") {
    return undefined;
  }
  return (progress, total, message) =>
    // A client that is gone is not told; the call ends for its own reasons.
    notify("notifications/progress", { progressToken, progress, total, message }).catch(() => undefined);
}

/** Arguments as the store can keep them; null means absent, as some clients send it. Throws `invalid`. */
function storable(tool: string, given: unknown): Members {
  if (!isMembers(given)) {
    throw new TaskError("invalid", `Cannot call tool ${quote(tool)}: arguments must be an object`);
  }
  for (const [argument, value] of Object.entries(given)) {
    const fault = faultOf(value, DEPTH);
    if (fault !== undefined) {
      throw new TaskError("invalid", `Cannot call tool ${quote(tool)}: argument ${quote(argument)} ${fault}`);
    }
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
}

/** What a store would change silently: lone surrogates, U+0000, numbers that JSON cannot carry exactly. */
function faultOf(value: unknown, depth: number): string | undefined {
  if (typeof value === "string") {
    if (!value.isWellFormed()) {
      return "holds a lone surrogate; well-formed Unicode is accepted";
    }
    return value.includes("\u0000") ? "holds U+0000; any other character is accepted" : undefined;
  }
  if (typeof value === "number") {
    const exact = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
    return exact ? undefined : "holds a number beyond ±(2^53 - 1); smaller ones are accepted";
  }
  if (typeof value !== "object" || value === null) {
    return undefined;
  }
  if (depth === 0) {
    return `is nested deeper than ${DEPTH} levels`;
  }
  const [names, inner] = Array.isArray(value) ? [[], value] : [Object.keys(value), Object.values(value)];
  return firstFault(names, 0) ?? firstFault(inner, depth - 1);
}

function firstFault(values: readonly unknown[], depth: number): string | undefined {
  for (const value of values) {
    const fault = faultOf(value, depth);
    if (fault !== undefined) {
      return fault;
    }
  }
  return undefined;
}

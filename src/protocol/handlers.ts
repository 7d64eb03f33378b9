import type { Principal } from "../domain/access.ts";
import type { Log } from "../log.ts";
import type { Scans } from "../redact/scans.ts";
import type { ToolContext } from "../tools/tool.ts";
import { createTurns } from "../turns.ts";
import { createCollector } from "./collector.ts";
import { failedRequest, ProtocolError } from "./failure.ts";
import { type Members, RPC } from "./jsonrpc.ts";
import { topicOf } from "./resource-uri.ts";
import { CAPABILITIES, INSTRUCTIONS, SERVER_INFO } from "./server-info.ts";

/** One request beside its parameters. */
export interface RequestContext {
  /** `clientInfo.name`, where the client gave one. */
  client?: string | undefined;
  /** What the client can do, as it declared; empty where it declared nothing. */
  capabilities: Members;
  /** Who the request's token is of; absent on stdio, and where no tokens are needed. */
  principal?: Principal | undefined;
  /** Whether the client runs as this user on this machine (stdio), so that files may be read for it. */
  local: boolean;
  /** Aborted when the client cancels or goes away. */
  signal: AbortSignal;
  /** Answers a signal aborted when the client has hung up, but may come back for the answer; absent where it cannot. */
  leaving?: (() => AbortSignal) | undefined;
  /** Tells the transport that the answer will be long in coming, so that it keeps the client and whoever is between. */
  linger(): void;
  /** Waits for room on the way to the client, for an answer of so many bytes; answers how to say that it is sent. */
  reserve(bytes: number): Promise<() => void>;
  /** Sends a notification that belongs to this request. */
  notify(method: string, params: Members): Promise<void>;
  /** Sends the client a request of ours; absent in revisions that have none (2026-07-28). */
  ask?: ((method: string, params: Members) => Promise<Members>) | undefined;
  /** Ends the response's stream, which the client resumes; absent where streams cannot be resumed. */
  closeStream?: (() => void) | undefined;
}

/** Answers one method. Throws `ProtocolError` alone. */
export type Handler = (params: Members, context: RequestContext) => Promise<Members>;

/** Something a subscriber may want to know. */
export type Notice = { list: "tools" | "prompts" | "resources" } | { uri: string };

/** Who is told of changes: an object of its own that it has anyway, as there may be thousands. */
export interface Listener {
  told(notice: Notice): void;
}

/** Tells of changes, whoever made them. */
export interface Feed {
  add(listener: Listener): void;
  remove(listener: Listener): void;
}

/** Everything a front needs to serve: method → function, and what is said of the server. It knows no SDK. */
export interface HandlerTable {
  methods: ReadonlyMap<string, Handler>;
  info: { name: string; title?: string; version: string };
  capabilities: Readonly<Record<string, Members>>;
  instructions?: string | undefined;
  feed: Feed;
  /** The resource whose notices tell of `uri`, or nothing where none ever will; without it, each URI is its own. */
  topicOf?(uri: string): string | undefined;
  /** To be called with what no method here answers and yet comes often: see `createCollector`. */
  onCall?(): void;
  /** The published input schema of a tool, where it maps arguments to headers (2026-07-28). */
  inputSchema?(tool: string): Members | undefined;
}

/** What the product's table is made of. */
export interface Services {
  tools: Omit<ToolContext, "caller" | "withoutSecrets" | "secretsFound" | "signal" | "leaving" | "linger" | "progress">;
  /** `MCP_TASK_AGENT` or `--agent`. */
  agent?: string | undefined;
  scans: Scans;
  feed: Feed;
  log: Log;
}

/**
 * THE handler table: nothing else answers a method, whatever the transport or revision. What the first answers do not
 * need comes by `import()`, and `services` are asked for by those that need them.
 */
export function createHandlers(services: () => Services, log: Log): HandlerTable {
  // One promise for all that is loaded late, so that requests start in the order they came.
  let late: Promise<Late> | undefined;
  let loaded: Late | undefined;
  const load = () => {
    late ??= loadLate().then((all) => {
      loaded = all;
      return all;
    });
    return late;
  };
  const turns = createTurns();
  const onCall = createCollector();
  // What reads the store looks at it between the writes that came before and after, however long those are held up.
  const inTurn = async (begin: (late: Late) => Promise<Members>) => {
    const all = loaded ?? (await load());
    await services().scans.settled();
    const { answer } = await turns.take(() => ({ answer: begin(all) }));
    return answer;
  };
  const table: Readonly<Record<string, Handler>> = {
    "tools/list": async (params) => onePage(params, (await import("./list-tools.ts")).listTools()),
    "tools/call": async (params, context) => (loaded ?? (await load())).callTool(services(), turns, params, context),
    "resources/list": (params) => inTurn((all) => all.listResources(services(), params)),
    "resources/templates/list": async (params) => onePage(params, (await load()).listTemplates()),
    "resources/read": (params, context) => inTurn((all) => all.readResource(services(), params, context)),
    "prompts/list": async (params) => onePage(params, (await load()).listPrompts()),
    "prompts/get": (params) => inTurn((all) => all.getPrompt(services(), params)),
    "completion/complete": (params) => inTurn((all) => all.complete(services(), params)),
  };
  const methods = new Map<string, Handler>();
  for (const [method, handler] of Object.entries(table)) {
    methods.set(method, guarded(method, handler, { log, onCall }));
  }
  return {
    methods,
    info: SERVER_INFO,
    capabilities: CAPABILITIES,
    instructions: INSTRUCTIONS,
    get feed() {
      return services().feed;
    },
    onCall,
    topicOf,
  };
}

type Late = Awaited<ReturnType<typeof loadLate>>;

async function loadLate() {
  const [{ callTool }, { listResources, listTemplates, readResource }, { getPrompt, listPrompts }, { complete }] =
    await Promise.all([
      import("./call-tool.ts"),
      import("./resources.ts"),
      import("./prompts.ts"),
      import("./completion.ts"),
    ]);
  return { callTool, listResources, listTemplates, readResource, getPrompt, listPrompts, complete };
}

/** A list of one page: no cursor was ever given out for it. */
function onePage({ cursor }: Members, list: Members): Members {
  if (cursor !== undefined) {
    throw new ProtocolError(RPC.invalidParams, "Cannot go on from cursor: this list has one page");
  }
  return list;
}

/** `handler`, throwing nothing but protocol errors; a bug is logged and told as one. */
function guarded(method: string, handler: Handler, { log, onCall }: { log: Log; onCall(): void }): Handler {
  return async (params, context) => {
    onCall();
    try {
      return await handler(params, context);
    } catch (error) {
      throw failedRequest(error, method, log);
    }
  };
}

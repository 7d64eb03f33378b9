import { type Exchange, envelopeFault, META, metaOf, REVISION } from "./envelope.ts";
import { failedRequest } from "./failure.ts";
import type { HandlerTable, RequestContext } from "./handlers.ts";
import { headerFault } from "./headers.ts";
import { errorReply, type Id, isMembers, type Members, RPC, type RpcErrorReply, type RpcRequest } from "./jsonrpc.ts";
import type { SessionHost } from "./sessions.ts";
import { agreementOn, endOf, Subscription } from "./subscription.ts";

/** What `server/discover` and the refusal of an unknown revision list, the newest first. */
const SUPPORTED = [REVISION, "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"] as const;

/** How long clients may keep an answer, in milliseconds, and whether they may share it. */
const CACHE: Readonly<Record<string, { ttlMs: number; cacheScope: "public" | "private" }>> = {
  "server/discover": { ttlMs: 3_600_000, cacheScope: "public" },
  "tools/list": { ttlMs: 300_000, cacheScope: "public" },
  "prompts/list": { ttlMs: 300_000, cacheScope: "public" },
  "resources/templates/list": { ttlMs: 300_000, cacheScope: "public" },
  "resources/list": { ttlMs: 0, cacheScope: "private" },
  "resources/read": { ttlMs: 0, cacheScope: "private" },
};

/** A reply with the HTTP status it has where the transport is HTTP. */
export interface StatelessReply {
  status: number;
  reply: RpcErrorReply | { jsonrpc: "2.0"; id: Id; result: Members };
  /** The reply as JSON, where that is known already. */
  json?: string;
}

/** Answers one request; nothing where the client has cancelled it. */
export async function answerStateless(
  host: SessionHost,
  request: RpcRequest,
  exchange: Exchange,
): Promise<StatelessReply | undefined> {
  return answerAtOnce(host, request, exchange.headers) ?? answerLater(host, request, exchange);
}

/** Answers what needs no handler: refuses what may not run, and tells of the server. */
export function answerAtOnce(
  { table }: Pick<SessionHost, "table">,
  request: RpcRequest,
  headers: Headers | undefined,
): StatelessReply | undefined {
  const refused = refusalOf(table, request, headers);
  if (refused !== undefined || request.method !== "server/discover") {
    return refused;
  }
  const { id } = request;
  const { result, json } = discoveryOf(table);
  const reply = { jsonrpc: "2.0" as const, id, result };
  return { status: 200, reply, json: `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${json}}` };
}

/** Answers a request that `answerAtOnce` does not; nothing where the client has cancelled it. */
export async function answerLater(
  host: SessionHost,
  request: RpcRequest,
  exchange: Exchange,
): Promise<StatelessReply | undefined> {
  const { id, method, params = {} } = request;
  try {
    const result = await resultOf(host, method, params, { id, exchange });
    return result === undefined ? undefined : { status: 200, reply: { jsonrpc: "2.0", id, result } };
  } catch (error) {
    return exchange.isOver() ? undefined : failureReply(host, request, error);
  }
}

/**
 * What a `subscriptions/listen` over HTTP is told of, or its refusal. It is not answered as other requests are: nothing
 * of it is kept but the subscription.
 */
export function agreeTo(host: SessionHost, request: RpcRequest, headers: Headers) {
  const refused = refusalOf(host.table, request, headers);
  if (refused !== undefined) {
    return { refused };
  }
  try {
    return { agreement: agreementOn(host.table, request.params ?? {}) };
  } catch (error) {
    return { refused: failureReply(host, request, error) };
  }
}

function failureReply({ log }: SessionHost, { id, method }: RpcRequest, error: unknown): StatelessReply {
  const { code, message, data } = failedRequest(error, method, log);
  // Resources have no code of their own in this revision.
  const mapped = code === RPC.resourceNotFound ? RPC.invalidParams : code;
  return { status: code === RPC.missingCapability ? 400 : 200, reply: errorReply(id, mapped, message, data) };
}

async function resultOf(
  { table, local }: SessionHost,
  method: string,
  params: Members,
  { id, exchange }: { id: Id; exchange: Exchange },
): Promise<Members | undefined> {
  if (method === "subscriptions/listen") {
    return endOf(new Subscription(table, id, agreementOn(table, params), exchange), exchange.signal);
  }
  const result = await table.methods.get(method)?.(params, contextOf(params, local, exchange));
  return result === undefined || exchange.isOver() ? undefined : completed(table, method, result);
}

/** A handler's result as this revision has it. */
function completed(table: HandlerTable, method: string, result: Members): Members {
  const { resultType = "complete", _meta } = result;
  const hints = resultType === "complete" ? CACHE[method] : undefined;
  return { resultType, ...hints, ...result, _meta: { ...(isMembers(_meta) ? _meta : {}), [META.server]: table.info } };
}

/** What `server/discover` tells, which never changes: made once. */
const discoveries = new WeakMap<HandlerTable, { result: Members; json: string }>();

function discoveryOf(table: HandlerTable): { result: Members; json: string } {
  const known = discoveries.get(table);
  if (known !== undefined) {
    return known;
  }
  const { capabilities, instructions } = table;
  const told = { supportedVersions: SUPPORTED, capabilities, ...(instructions === undefined ? {} : { instructions }) };
  const result = completed(table, "server/discover", told);
  const made = { result, json: JSON.stringify(result) };
  discoveries.set(table, made);
  return made;
}

function contextOf(params: Members, local: boolean, exchange: Exchange): RequestContext {
  const { send, reserve, principal, linger = () => undefined } = exchange;
  const meta = metaOf(params);
  const client = meta[META.client];
  const capabilities = meta[META.capabilities];
  const wantsLogs = meta[META.logLevel] !== undefined;
  return {
    client: isMembers(client) && typeof client["name"] === "string" ? client["name"] : undefined,
    capabilities: isMembers(capabilities) ? capabilities : {},
    local,
    get signal() {
      return exchange.signal;
    },
    linger,
    reserve,
    principal,
    async notify(method, notified) {
      if (!exchange.isOver() && (method !== "notifications/message" || wantsLogs)) {
        send({ jsonrpc: "2.0", method, params: notified });
      }
    },
  };
}

/** What a request lacks before it may run: envelope, headers, a method that exists. */
function refusalOf(table: HandlerTable, request: RpcRequest, headers: Headers | undefined): StatelessReply | undefined {
  const { id, method, params = {} } = request;
  const refuse = (status: number, code: number, message: string, data?: unknown) => ({
    status,
    reply: errorReply(id, code, message, data),
  });
  const meta = metaOf(params);
  const version = meta[META.version];
  const header = headers?.get("mcp-protocol-version");
  if (headers !== undefined && (header === null || (version !== undefined && header !== version))) {
    return refuse(400, RPC.headerMismatch, "Header mismatch: MCP-Protocol-Version must be that of the body's _meta");
  }
  if (typeof version !== "string") {
    return refuse(400, RPC.invalidParams, `Invalid params: _meta["${META.version}"] is required`);
  }
  if (version !== REVISION) {
    const data = { supported: SUPPORTED, requested: version };
    return refuse(400, RPC.unsupportedVersion, "Unsupported protocol version", data);
  }
  const fault = envelopeFault(meta);
  if (fault !== undefined) {
    return refuse(400, RPC.invalidParams, `Invalid params: ${fault}`);
  }
  const mismatch = headers === undefined ? undefined : headerFault(table, method, params, headers);
  if (mismatch !== undefined) {
    return refuse(400, RPC.headerMismatch, `Header mismatch: ${mismatch}`);
  }
  const known = method === "server/discover" || method === "subscriptions/listen" || table.methods.has(method);
  return known ? undefined : refuse(404, RPC.methodNotFound, "Method not found", { method });
}

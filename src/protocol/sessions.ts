import { Protocol, type RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  type ClientCapabilities,
  type Implementation,
  InitializedNotificationSchema,
  InitializeRequestSchema,
  isJSONRPCNotification,
  isJSONRPCRequest,
  type JSONRPCMessage,
  JSONRPCMessageSchema,
  LATEST_PROTOCOL_VERSION,
  type Notification,
  type Request,
  type Result,
  ResultSchema,
  SetLevelRequestSchema,
  SUPPORTED_PROTOCOL_VERSIONS,
} from "@modelcontextprotocol/sdk/types.js";
import { prettifyError } from "zod";
import type { Principal } from "../domain/access.ts";
import type { Log } from "../log.ts";
import { ProtocolError } from "./failure.ts";
import type { HandlerTable, Listener, Notice, RequestContext } from "./handlers.ts";
import { classify, errorReply, type Id, type Members, RPC, type RpcErrorReply } from "./jsonrpc.ts";
import { notificationOf, Uris } from "./subscription.ts";

/** What a session needs of the server around it. */
export interface SessionHost {
  table: HandlerTable;
  /** Whether the client is on stdio; see `RequestContext`. */
  local: boolean;
  log: Log;
}

/** What a session needs of its client's transport; see `RequestContext`. */
export interface ClientHost extends SessionHost {
  /** Whether 2026-07-28 is answered beside the session: not on the event stream of 2024-11-05. */
  stateless?: boolean;
  /** Answers the signal of a request, by its id, that its client has hung up on it; absent where that ends the session. */
  leaving?: (id: Id) => AbortSignal;
  reserve: RequestContext["reserve"];
  principal?: Principal | undefined;
}

/**
 * The server's side of an `initialize` session on the SDK's protocol engine. The SDK's own `Server` adds to the engine
 * the answer to `initialize`, which is here, and client features and task stores that we have no use for; it loads a JSON
 * Schema compiler for them, a tenth of the time to that answer.
 */
export class SdkSession extends Protocol<Request, Notification, Result> {
  /** Who the client is and what it can do, as its `initialize` told. */
  client: { info?: Implementation; capabilities: ClientCapabilities } = { capabilities: {} };
  /** Called when the client has taken note of the answer. */
  oninitialized?: () => void;

  constructor({ info, capabilities, instructions }: Pick<HandlerTable, "info" | "capabilities" | "instructions">) {
    super();
    this.setRequestHandler(InitializeRequestSchema, async ({ params }) => {
      this.client = { info: params.clientInfo, capabilities: params.capabilities };
      return {
        protocolVersion: negotiated(params.protocolVersion),
        capabilities,
        serverInfo: info,
        ...(instructions === undefined ? {} : { instructions }),
      };
    });
    this.setNotificationHandler(InitializedNotificationSchema, () => this.oninitialized?.());
    if (capabilities["logging"] !== undefined) {
      this.setRequestHandler(SetLevelRequestSchema, async () => ({}));
    }
  }

  // The engine asks whether both sides have declared what is sent and handled; the table declares what it holds.
  protected override assertCapabilityForMethod(): void {}
  protected override assertNotificationCapability(): void {}
  protected override assertRequestHandlerCapability(): void {}
  protected override assertTaskCapability(): void {}
  protected override assertTaskHandlerCapability(): void {}
}

/**
 * One client of an `initialize` revision: the official SDK does the life cycle, ping, cancellation and correlation, and
 * sends every other method to the table. One SDK object a client, never shared.
 */
export async function openSession(host: ClientHost, transport: Transport): Promise<SdkSession> {
  const { table, log } = host;
  table.onCall?.();
  const server = new SdkSession(table);
  const follower = new Follower(table, server);
  server.fallbackRequestHandler = async ({ method, params }, extra) => {
    const subscribed = follower.answer(method, params ?? {});
    if (subscribed !== undefined) {
      return { ...subscribed };
    }
    const handler = table.methods.get(method);
    if (handler === undefined) {
      throw new ProtocolError(RPC.methodNotFound, "Method not found", { method });
    }
    return { ...(await handler({ ...params }, contextOf(server, host, extra))) };
  };
  server.onerror = (error) => log.debug("session error", { error: error.message });
  await server.connect(transport);
  return server;
}

type Extra = RequestHandlerExtra<Request, Notification>;

function contextOf(
  server: SdkSession,
  { local, reserve, leaving, principal }: ClientHost,
  extra: Extra,
): RequestContext {
  return {
    client: server.client.info?.name,
    capabilities: { ...server.client.capabilities },
    local,
    reserve,
    principal,
    signal: extra.signal,
    leaving: leaving && (() => leaving(extra.requestId)),
    // A session's responses are event streams with comments, whatever they hold.
    linger: () => undefined,
    notify: (method, params) =>
      server.notification({ method, params: { ...params } }, { relatedRequestId: extra.requestId }),
    ask: (method, params) =>
      server.request({ method, params: { ...params } }, ResultSchema, { relatedRequestId: extra.requestId }),
    closeStream: extra.closeSSEStream,
  };
}

/**
 * Tells the client of changes, once it is initialized and never before; answers its subscriptions' methods. A class, as
 * thousands of sessions may be open.
 */
class Follower implements Listener {
  private readonly table: HandlerTable;
  private readonly server: SdkSession;
  private readonly uris: Uris;

  constructor(table: HandlerTable, server: SdkSession) {
    this.table = table;
    this.server = server;
    this.uris = new Uris(table);
    server.oninitialized = () => table.feed.add(this);
    server.onclose = () => table.feed.remove(this);
  }

  told(notice: Notice): void {
    for (const told of this.uris.told(notice)) {
      this.server.notification(notificationOf(told)).catch(() => undefined);
    }
  }

  /** The answer to one of its methods; nothing to any other. */
  answer(method: string, { uri }: Members): Members | undefined {
    if (this.table.capabilities["resources"]?.["subscribe"] === true) {
      switch (method) {
        case "resources/subscribe":
          // What will never change is accepted too: the official suite subscribes to a resource that we do not have.
          this.uris.add(textOf(uri));
          return {};
        case "resources/unsubscribe":
          this.uris.remove(textOf(uri));
          return {};
      }
    }
    return undefined;
  }
}

function textOf(uri: unknown): string {
  if (typeof uri !== "string") {
    throw new ProtocolError(RPC.invalidParams, "Cannot subscribe or unsubscribe: uri must be a string");
  }
  return uri;
}

/** The revision that an `initialize` asking for `requested` ends up with: the rule of the SDK's `Server`. */
export function negotiated(requested: unknown): string {
  return SUPPORTED_PROTOCOL_VERSIONS.find((version) => version === requested) ?? LATEST_PROTOCOL_VERSION;
}

/** The SDK's own bound. */
const BATCH_MESSAGES = 100;

/** Why a batch is refused, if so: batches came with revision 2025-03-26 and left with the next. */
export function batchFault(revision: string | undefined, messages: number): string | undefined {
  if (revision !== "2025-03-26") {
    return "batches are part of revision 2025-03-26 alone";
  }
  return messages === 0 || messages > BATCH_MESSAGES ? `a batch has 1–${BATCH_MESSAGES} messages` : undefined;
}

/** A parsed JSON value as a message that the SDK takes, or the answer to what it would drop without one. */
export function admit(value: unknown): { message: JSONRPCMessage } | { reply: RpcErrorReply } {
  const classified = classify(value);
  if (classified.kind === "invalid") {
    return { reply: classified.reply };
  }
  const { message } = classified;
  if (isJSONRPCRequest(message)) {
    const initialize = message.method === "initialize" ? InitializeRequestSchema.safeParse(message) : undefined;
    return initialize?.error === undefined
      ? { message }
      : { reply: errorReply(message.id, RPC.invalidParams, `Invalid initialize: ${prettifyError(initialize.error)}`) };
  }
  if (isJSONRPCNotification(message)) {
    return { message };
  }
  const parsed = JSONRPCMessageSchema.safeParse(message);
  const id = classified.kind === "request" ? classified.message.id : null;
  return parsed.success
    ? { message: parsed.data }
    : { reply: errorReply(id, RPC.invalidRequest, "Invalid Request: malformed _meta, result or error") };
}

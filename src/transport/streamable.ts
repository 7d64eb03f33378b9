import {
  WebStandardStreamableHTTPServerTransport,
  type WebStandardStreamableHTTPServerTransportOptions,
} from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";
import { RPC } from "../protocol/jsonrpc.ts";
import { admit, batchFault, negotiated, openSession, type SdkSession, type SessionHost } from "../protocol/sessions.ts";
import type { Visitor } from "./door.ts";
import { createEventStores, type SessionEvents } from "./event-store.ts";
import { refuse } from "./guard.ts";
import { sendParted } from "./held-answers.ts";
import type { House } from "./house.ts";
import { createOutflow } from "./outflow.ts";
import { createPassages } from "./passage.ts";
import { type Relay, relay } from "./relay.ts";
import { createSessionId } from "./session-id.ts";
import { createSessionPosts } from "./session-posts.ts";
import { createSessionTable, type SessionTable } from "./session-table.ts";

/** When a client whose stream has ended may come back for the rest, in milliseconds. */
const RETRY_MS = 1000;

/** Our own streams are kept alive; the SDK would keep a timer for each. */
const NO_KEEP_ALIVE = 0;

/** The sessions of `/mcp`, up to 2025-11-25, carried by the SDK's transport. */
export interface Streamable {
  /** `body` holds the parsed JSON of a POST. */
  handle(request: Request, body: { value: unknown } | undefined, visitor: Visitor): Promise<Response>;
  /** How many sessions are open. */
  size(): number;
  /** Resolves when everything taken has been answered, and the answers read. */
  drained(): Promise<void>;
  /** Ends every session. */
  close(): Promise<void>;
}

/** Opens the sessions' side of `/mcp`. */
export function createStreamable(host: SessionHost, house: House): Streamable {
  const sessions = createSessionTable(house.most);
  const eventStores = createEventStores();
  const passages = createPassages(house);
  return {
    async handle(request, body, visitor) {
      const id = request.headers.get("mcp-session-id");
      const found = id === null ? undefined : sessions.get(id);
      // Another token's session is as good as none.
      const session = found?.token_id === visitor.principal?.token_id ? found : undefined;
      if (id !== null && session === undefined) {
        return refuse(404, "Session not found: open one with initialize", RPC.sessionNotFound);
      }
      if (body === undefined) {
        return session === undefined
          ? refuse(405, "Method Not Allowed: without a session only POST is", RPC.refused, { allow: "POST" })
          : passages.pass(session, request, []);
      }
      const admitted = admitAll(body.value, session?.revision);
      if ("refusal" in admitted) {
        return admitted.refusal;
      }
      const { messages, parsedBody, first } = admitted;
      if (session !== undefined) {
        const fault = session.posts.fault(messages);
        return fault === undefined
          ? passages.pass(session, request, messages, parsedBody)
          : refuse(400, `Invalid Request: ${fault}`, RPC.invalidRequest);
      }
      return "method" in first && first.method === "initialize"
        ? openWith(first, request, { host, house, visitor, sessions, events: eventStores.open() })
        : refuse(400, "Bad Request: Mcp-Session-Id is missing; open a session with initialize");
    },
    drained: passages.drained,
    size: sessions.size,
    close: () => sessions.closeAll(),
  };
}

interface Opening {
  host: SessionHost;
  house: House;
  visitor: Visitor;
  sessions: SessionTable;
  events: SessionEvents;
}

/** Opens a session with its first message, an `initialize`. */
async function openWith(
  message: JSONRPCMessage,
  request: Request,
  { host, house, visitor, sessions, events }: Opening,
): Promise<Response> {
  if (!(await sessions.makeRoom())) {
    return house.slots.refusal();
  }
  const { principal } = visitor;
  const revision = negotiated("params" in message ? message.params?.["protocolVersion"] : undefined);
  const { transport, posts, outflow, serve } = createSession(revision, { house, visitor, sessions, events });
  const server = await openSession({ ...host, principal, reserve: outflow.reserve, leaving: posts.leaving }, transport);
  serve(server);
  const response = await transport.handleRequest(request, { parsedBody: message });
  if (transport.sessionId === undefined) {
    await server.close();
  }
  return relay(response, { onClose: () => undefined, crowd: house.crowd }).response;
}

/** The parts of a session. They live long: made in an async function, they would hold its request, too. */
function createSession(revision: string, { house, visitor, sessions, events }: Omit<Opening, "host">) {
  const streams = new Set<Relay>();
  const posts = createSessionPosts();
  const outflow = createOutflow(() => [...streams].reduce((sum, stream) => sum + stream.backlog(), 0), house.crowd);
  const token_id = visitor.principal?.token_id;
  let server: SdkSession | undefined;
  const transport = new SessionTransport(posts, {
    sessionIdGenerator: createSessionId,
    onsessioninitialized(id) {
      if (server !== undefined) {
        sessions.add(id, {
          server,
          transport,
          events,
          revision,
          streams,
          posts,
          outflow,
          seen: performance.now(),
          token_id,
        });
      }
    },
    eventStore: events,
    retryInterval: RETRY_MS,
    keepAliveMs: NO_KEEP_ALIVE,
  });
  return {
    transport,
    posts,
    outflow,
    serve(opened: SdkSession): void {
      server = opened;
      const { onclose } = opened;
      house.door.hold(visitor, opened);
      opened.onclose = () => {
        house.door.release(visitor, opened);
        onclose?.();
        sessions.remove(transport.sessionId ?? "");
      };
    },
  };
}

/** The SDK's transport, which tells what it has answered. */
class SessionTransport extends WebStandardStreamableHTTPServerTransport {
  private readonly posts: ReturnType<typeof createSessionPosts>;

  constructor(posts: ReturnType<typeof createSessionPosts>, options: WebStandardStreamableHTTPServerTransportOptions) {
    super(options);
    this.posts = posts;
  }

  override async send(answer: JSONRPCMessage, options?: { relatedRequestId?: RequestId }): Promise<void> {
    try {
      await sendParted(answer, (parted) => super.send(parted, options));
    } finally {
      if (!("method" in answer) && answer.id !== undefined) {
        this.posts.settle(answer.id);
      }
    }
  }
}

/** A body as messages that the SDK takes, or the refusal of the whole. */
function admitAll(value: unknown, revision: string | undefined) {
  const fault = Array.isArray(value) ? batchFault(revision, value.length) : undefined;
  if (fault !== undefined) {
    return { refusal: refuse(400, `Invalid Request: ${fault}`, RPC.invalidRequest) };
  }
  const messages: JSONRPCMessage[] = [];
  for (const part of Array.isArray(value) ? value : [value]) {
    const admitted = admit(part);
    if ("reply" in admitted) {
      return { refusal: Response.json(admitted.reply, { status: 400 }) };
    }
    messages.push(admitted.message);
  }
  const [first] = messages;
  return first === undefined
    ? { refusal: refuse(400, "Invalid Request: there is no message", RPC.invalidRequest) }
    : { messages, parsedBody: Array.isArray(value) ? messages : first, first };
}

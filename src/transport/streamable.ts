import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { RPC } from "../protocol/jsonrpc.ts";
import { admit, batchFault, negotiated, openSession, type SessionHost } from "../protocol/sessions.ts";
import type { Visitor } from "./door.ts";
import { createEventStores, type SessionEvents } from "./event-store.ts";
import { refuse } from "./guard.ts";
import type { House } from "./house.ts";
import { createOutflow } from "./outflow.ts";
import { createSessionId } from "./session-id.ts";
import { createSessionPosts } from "./session-posts.ts";
import { createSessionTable, type Session, type SessionTable } from "./session-table.ts";
import { type Relay, relay } from "./sse.ts";

/** When a client whose stream has ended may come back for the rest, in milliseconds. */
const RETRY_MS = 1000;

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
  const answering = new Set<Promise<void>>();

  const pass = createPassage(house, answering);

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
          : pass(session, request, []);
      }
      const admitted = admitAll(body.value, session?.revision);
      if ("refusal" in admitted) {
        return admitted.refusal;
      }
      const { messages, parsedBody, first } = admitted;
      if (session !== undefined) {
        const fault = session.posts.fault(messages);
        return fault === undefined
          ? pass(session, request, messages, parsedBody)
          : refuse(400, `Invalid Request: ${fault}`, RPC.invalidRequest);
      }
      return "method" in first && first.method === "initialize"
        ? openWith(first, request, { host, house, visitor, sessions, events: eventStores.open() })
        : refuse(400, "Bad Request: Mcp-Session-Id is missing; open a session with initialize");
    },
    async drained() {
      await Promise.all(answering);
    },
    size: sessions.size,
    close: () => sessions.closeAll(),
  };
}

/** Lets the SDK answer, on streams of ours; `answering` holds the responses that are under way. */
function createPassage({ slots, crowd }: House, answering: Set<Promise<void>>) {
  return async (session: Session, request: Request, messages: readonly JSONRPCMessage[], parsedBody?: unknown) => {
    if (!slots.take()) {
      return slots.refusal();
    }
    const { promise: answered, resolve: onAnswered } = Promise.withResolvers<void>();
    session.seen = performance.now();
    const post = session.posts.begin(messages);
    if (post.open.size > 0) {
      answering.add(answered);
    }
    const response = await session.transport.handleRequest(request, parsedBody === undefined ? {} : { parsedBody });
    const streaming = response.headers.get("content-type") === "text/event-stream";
    const stream = relay(response, {
      onClose() {
        slots.giveBack();
        queueMicrotask(() => session.streams.delete(stream));
        session.seen = performance.now();
        post.left?.abort();
        // A client that hangs up may still be owed answers, which it can resume: their ids stay in use until they are given.
        if (!streaming) {
          session.posts.finish(post);
        }
        answering.delete(answered);
        onAnswered();
      },
      onTaken: session.outflow.onTaken,
      crowd,
    });
    session.streams.add(stream);
    post.end = () => stream.close();
    session.posts.cancel(messages);
    return stream.response;
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
  const streams = new Set<Relay>();
  const posts = createSessionPosts();
  const outflow = createOutflow(() => [...streams].reduce((sum, stream) => sum + stream.backlog(), 0), house.crowd);
  const revision = negotiated("params" in message ? message.params?.["protocolVersion"] : undefined);
  const transport: WebStandardStreamableHTTPServerTransport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: createSessionId,
    onsessioninitialized: (id) =>
      sessions.add(id, {
        ...{ server, transport, events, revision, streams, posts, outflow },
        seen: performance.now(),
        token_id: principal?.token_id,
      }),
    eventStore: events,
    retryInterval: RETRY_MS,
  });
  const send = transport.send.bind(transport);
  transport.send = async (answer, options) => {
    try {
      await send(answer, options);
    } finally {
      if (!("method" in answer) && answer.id !== undefined) {
        posts.settle(answer.id);
      }
    }
  };
  const server = await openSession({ ...host, principal, reserve: outflow.reserve, leaving: posts.leaving }, transport);
  const { onclose } = server;
  house.door.hold(visitor, server);
  server.onclose = () => {
    house.door.release(visitor, server);
    onclose?.();
    sessions.remove(transport.sessionId ?? "");
  };
  const response = await transport.handleRequest(request, { parsedBody: message });
  if (transport.sessionId === undefined) {
    await server.close();
  }
  return relay(response, { onClose: () => undefined, crowd: house.crowd }).response;
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

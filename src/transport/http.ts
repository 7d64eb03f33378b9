import { repeatedMember } from "../protocol/json.ts";
import { RPC } from "../protocol/jsonrpc.ts";
import type { SessionHost } from "../protocol/sessions.ts";
import { createCrowd } from "./crowd.ts";
import { createDoor, type DoorOptions, METADATA_PATH, resourceMetadata, type Visitor } from "./door.ts";
import { createEventClients } from "./event-clients.ts";
import { createGathering } from "./gathering.ts";
import { BODY_BYTES, createGuard, createSharing, type Names, readJson, refuse } from "./guard.ts";
import type { House } from "./house.ts";
import { createSlots } from "./slots.ts";
import { createStatelessPosts, statelessRequest } from "./stateless-posts.ts";
import type { Streamable } from "./streamable.ts";

/**
 * So many seconds may pass without a request, and for head and body of one: bytes that drip in do not prolong it. Then,
 * while an answer is made and read, so many without a byte moving: twice the interval of an event stream's comments.
 */
const REQUEST_SECONDS = 10;
const ANSWER_SECONDS = 30;

/** At the end: how long clients may take to read their answers, and then to hang up; in milliseconds. */
const ANSWERING_MS = 2500;
const CLOSING_MS = 500;

/** A server that listens. */
export interface HttpServer {
  url: string;
  /** Accepts nothing more, answers what is in flight, closes every stream. */
  stop(): Promise<void>;
}

/** How a server is reached, by whom, and how much it holds. */
export interface HttpOptions extends Names, Omit<DoorOptions, "addressOf"> {
  /** The most streams at once, and the most sessions. */
  most: number;
  /** What `/health` tells whoever shows a token, beside the streams and sessions. */
  state(): Promise<object>;
}

/** The path in a request's URL, which the runtime has brought into normal form. */
const PATH = /^\w+:\/\/[^/?#]*([^?#]*)/;

type Route = (request: Request, visitor: Visitor) => Response | Promise<Response>;
type Routes = Readonly<Record<string, Readonly<Record<string, Route>>>>;

/** Listens on `host`:`port` (0 takes a free one). Throws where the port is taken. */
export function serveHttp(context: Omit<SessionHost, "local">, options: HttpOptions): HttpServer {
  const { host: hostname, port, most, gate, rate } = options;
  const host = { ...context, local: false };
  const patience = createPatience((request, seconds) => server.timeout(request, seconds));
  const addressOf = (request: Request) => server.requestIP(request)?.address ?? "";
  const door = createDoor({ gate, rate, addressOf });
  const house = { door, slots: createSlots(most), most, crowd: createCrowd(), stay: patience.stay };
  const rooms = createRooms(host, house);
  const routes = createRoutes(rooms, house, options);
  const sharing = createSharing(options.allowOrigins);
  const flights = createFlights();
  const server = Bun.serve({
    hostname,
    port,
    maxRequestBodySize: BODY_BYTES,
    idleTimeout: REQUEST_SECONDS,
    async fetch(request) {
      const refusal = flights.refusal() ?? guard(request);
      if (refusal !== undefined) {
        return refusal;
      }
      flights.begin();
      try {
        const response = sharing.preflight(request) ?? (await routes(request));
        patience.end(request, response);
        return sharing.share(request, response);
      } finally {
        flights.end();
      }
    },
    error(error) {
      host.log.error("request failed", error);
      return refuse(500, "Internal Server Error", RPC.internalError);
    },
  });
  const guard = createGuard({ ...options, port: server.port ?? port });
  return {
    url: server.url.href.replace(/\/$/, ""),
    async stop() {
      const begun = flights.stop();
      const stopped = server.stop();
      // What was under way may only now have come to a room.
      const drained = Promise.all([begun, rooms.drained()]).then(rooms.drained);
      await Promise.race([drained, Bun.sleep(ANSWERING_MS)]);
      await rooms.close();
      house.door.close();
      house.crowd.close();
      await Promise.race([stopped, Bun.sleep(CLOSING_MS)]);
      await server.stop(true);
    },
  };
}

/** How long a connection may rest. What is granted for one answer would hold for the requests after it, too. */
function createPatience(grant: (request: Request, seconds: number) => void) {
  const granted = new WeakSet<Request>();
  return {
    stay(request: Request): void {
      granted.add(request);
      grant(request, ANSWER_SECONDS);
    },
    /** The request has its response. */
    end(request: Request, response: Response): void {
      if (!granted.has(request) || response.headers.get("content-type") !== "text/event-stream") {
        grant(request, REQUEST_SECONDS);
      }
    },
  };
}

/** Requests that have no response yet. Once stopped, no more are begun: connections that are open may still bring some. */
function createFlights() {
  const landed: (() => void)[] = [];
  let stopping = false;
  let begun = 0;
  return {
    /** The answer to what may not begin any more. */
    refusal: () =>
      stopping
        ? refuse(503, "Service Unavailable: the server is ending", RPC.refused, {
            "retry-after": "1",
            connection: "close",
          })
        : undefined,
    begin: () => void begun++,
    end(): void {
      begun--;
      if (begun === 0) {
        for (const resolve of landed.splice(0)) {
          resolve();
        }
      }
    },
    /** Resolves when every request that was begun has its response. */
    async stop(): Promise<void> {
      stopping = true;
      if (begun > 0) {
        await new Promise<void>((resolve) => landed.push(resolve));
      }
    },
  };
}

/** The transports behind the endpoints; the sessions' is loaded with the first of them. */
function createRooms(host: SessionHost, house: House) {
  const eventClients = createEventClients(host, house);
  const statelessPosts = createStatelessPosts(host, house);
  let streamable: Promise<Streamable> | undefined;
  return {
    eventClients,
    statelessPosts,
    async streamable(): Promise<Streamable> {
      streamable ??= import("./streamable.ts").then(({ createStreamable }) => createStreamable(host, house));
      return streamable;
    },
    sessions: async () => (await streamable)?.size() ?? 0,
    drained: () =>
      Promise.all([eventClients.drained(), statelessPosts.drained(), streamable?.then((mcp) => mcp.drained())]),
    async close(): Promise<void> {
      eventClients.close();
      await (await streamable)?.close();
    },
  };
}

type Rooms = ReturnType<typeof createRooms>;

/** What answers a request that has passed the guard. */
function createRoutes(rooms: Rooms, { door, slots, stay }: House, { state }: Pick<HttpOptions, "state">) {
  const gather = createGathering();
  /** Without a token; whoever shows one is told more. */
  async function serveHealth(request: Request): Promise<Response> {
    const named = request.headers.has("authorization") ? await door.admit(request) : undefined;
    if (named === undefined || "refusal" in named || named.principal === undefined) {
      return Response.json({ status: "ok" });
    }
    const open = { streams: slots.taken(), sessions: await rooms.sessions() };
    return Response.json({ status: "ok", ...(await state()), ...open });
  }
  async function serveMcp(request: Request, visitor: Visitor): Promise<Response> {
    const body = request.method === "POST" ? await readJson(request) : undefined;
    const turn = gather();
    if (turn !== undefined) {
      await turn;
    }
    if (body !== undefined && "refusal" in body) {
      return body.refusal;
    }
    const more = Array.isArray(body?.value) ? body.value.length - 1 : 0;
    const refused = more > 0 ? door.charge(visitor, more) : undefined;
    if (refused !== undefined) {
      return refused;
    }
    const stateless = body === undefined ? undefined : statelessRequest(body.value, request.headers);
    if (body === undefined || stateless === undefined) {
      stay(request);
      return (await rooms.streamable()).handle(request, body, visitor);
    }
    // Whoever stands between decides by the headers, or by a body of which it may read the other member.
    const repeated = repeatedMember(body);
    return repeated === undefined
      ? rooms.statelessPosts.answer(stateless, request, visitor)
      : refuse(400, `Invalid Request: ${repeated}`, RPC.invalidRequest);
  }
  const metadata = { GET: resourceMetadata };
  const free: Routes = {
    "/health": { GET: serveHealth },
    [METADATA_PATH]: metadata,
    [`${METADATA_PATH}/mcp`]: metadata,
  };
  const guarded: Routes = {
    "/sse": { GET: rooms.eventClients.open },
    "/message": { POST: (request, visitor) => rooms.eventClients.take(request, new URL(request.url), visitor) },
    "/mcp": { POST: serveMcp, GET: serveMcp, DELETE: serveMcp },
  };
  return (request: Request): Response | Promise<Response> => {
    const path = PATH.exec(request.url)?.[1] ?? "";
    if (Object.hasOwn(free, path)) {
      return dispatch(free, path, request, { principal: undefined });
    }
    const enter = (visitor: Visitor | { refusal: Response }) =>
      "refusal" in visitor ? visitor.refusal : dispatch(guarded, path, request, visitor);
    const admitted = door.admit(request);
    return admitted instanceof Promise ? admitted.then(enter) : enter(admitted);
  };
}

function dispatch(routes: Routes, path: string, request: Request, visitor: Visitor): Response | Promise<Response> {
  const methods = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (methods === undefined) {
    return refuse(404, `Not Found: there are ${["/health", ...Object.keys(routes)].join(", ")}`);
  }
  const route = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
  if (route === undefined) {
    const allow = Object.keys(methods).join(", ");
    return refuse(405, `Method Not Allowed: ${allow}`, RPC.refused, { allow });
  }
  return route(request, visitor);
}

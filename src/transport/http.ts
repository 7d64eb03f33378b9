import { RPC } from "../protocol/jsonrpc.ts";
import type { SessionHost } from "../protocol/sessions.ts";
import { createEventClients } from "./event-clients.ts";
import { BODY_BYTES, createGuard, readJson, refuse } from "./guard.ts";
import { createStatelessPosts, statelessRequest } from "./stateless-posts.ts";
import type { Streamable } from "./streamable.ts";

/** A connection on which nothing has moved for so many seconds is cut: twice the interval of an event stream's comments. */
const IDLE_SECONDS = 30;

/** At the end: how long clients may take to read their answers, and then to hang up; in milliseconds. */
const ANSWERING_MS = 2500;
const CLOSING_MS = 500;

/** A server that listens. */
export interface HttpServer {
  url: string;
  /** Accepts nothing more, answers what is in flight, closes every stream. */
  stop(): Promise<void>;
}

type Route = (request: Request, url: URL) => Response | Promise<Response>;
type Routes = Readonly<Record<string, Readonly<Record<string, Route>>>>;

/** Listens on `hostname`:`port` (0 takes a free one). Throws where the port is taken. */
export function serveHttp(context: Omit<SessionHost, "local">, hostname: string, port: number): HttpServer {
  const host = { ...context, local: false };
  const eventClients = createEventClients(host);
  const statelessPosts = createStatelessPosts(host);
  let streamable: Promise<Streamable> | undefined;
  const loadStreamable = async () => (await import("./streamable.ts")).createStreamable(host);

  async function serveMcp(request: Request): Promise<Response> {
    const body = request.method === "POST" ? await readJson(request) : undefined;
    if (body !== undefined && "refusal" in body) {
      return body.refusal;
    }
    const stateless = body === undefined ? undefined : statelessRequest(body.value, request.headers);
    if (stateless !== undefined) {
      return statelessPosts.answer(stateless, request);
    }
    streamable ??= loadStreamable();
    return (await streamable).handle(request, body);
  }

  const routes: Routes = {
    "/health": { GET: () => Response.json({ status: "ok" }) },
    "/sse": { GET: eventClients.open },
    "/message": { POST: eventClients.take },
    "/mcp": { POST: serveMcp, GET: serveMcp, DELETE: serveMcp },
  };
  const server = Bun.serve({
    hostname,
    port,
    maxRequestBodySize: BODY_BYTES,
    idleTimeout: IDLE_SECONDS,
    fetch: (request) => guard(request) ?? dispatch(routes, request),
    error(error) {
      host.log.error("request failed", error);
      return refuse(500, "Internal Server Error", RPC.internalError);
    },
  });
  const guard = createGuard(hostname, server.port ?? port);
  return {
    url: server.url.href.replace(/\/$/, ""),
    async stop() {
      const stopped = server.stop();
      const drained = Promise.all([
        eventClients.drained(),
        statelessPosts.drained(),
        streamable?.then((mcp) => mcp.drained()),
      ]);
      await Promise.race([drained, Bun.sleep(ANSWERING_MS)]);
      eventClients.close();
      await (await streamable)?.close();
      await Promise.race([stopped, Bun.sleep(CLOSING_MS)]);
      await server.stop(true);
    },
  };
}

function dispatch(routes: Routes, request: Request): Response | Promise<Response> {
  const url = new URL(request.url);
  const methods = Object.hasOwn(routes, url.pathname) ? routes[url.pathname] : undefined;
  if (methods === undefined) {
    return refuse(404, `Not Found: there are ${Object.keys(routes).join(", ")}`);
  }
  const route = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
  if (route === undefined) {
    const allow = Object.keys(methods).join(", ");
    return refuse(405, `Method Not Allowed: ${allow}`, RPC.refused, { allow });
  }
  return route(request, url);
}

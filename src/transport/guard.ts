import { collect, LARGE_BYTES, release } from "../memory.ts";
import { parseError, parseJson } from "../protocol/json.ts";
import { errorReply, RPC } from "../protocol/jsonrpc.ts";
import { createGathered } from "./gathered.ts";
import { type MessageText, textOf } from "./large-text.ts";

/** The most bytes a request's body may have: as much as a line on stdio. */
export const BODY_BYTES = 16 * 1024 * 1024;

/** By which names a server is reached. */
export interface Names {
  /** The address it listens on. */
  host: string;
  port: number;
  /** Further values of Host, exact, with or without a port; and of Origin. */
  allowHosts: readonly string[];
  allowOrigins: readonly string[];
}

/** Whether a request may pass, by its headers alone. */
export type Guard = (request: Request) => Response | undefined;

const WILDCARDS = new Set(["0.0.0.0", "::"]);

/** Whether an address stands for every one of the machine. */
export function isWildcard(host: string): boolean {
  return WILDCARDS.has(host);
}

/**
 * Refuses, with 403 and before the body is read, what does not name this server exactly in Host, or comes from a web
 * page of another origin: the defence against DNS rebinding. A request without Origin comes from no browser.
 */
export function createGuard({ host, port, allowHosts, allowOrigins }: Names): Guard {
  const own = isWildcard(host) ? [] : [host.includes(":") ? `[${host}]` : host];
  const names = new Set(["localhost", "127.0.0.1", "[::1]", ...own].map((name) => name.toLowerCase()));
  const hosts = new Set([...names, ...allowHosts.map(lower)].flatMap((name) => [name, `${name}:${port}`]));
  const origins = new Set([...[...names].map((name) => `http://${name}:${port}`), ...allowOrigins.map(lower)]);
  return ({ headers }) => {
    const named = headers.get("host")?.toLowerCase();
    if (named === undefined || !hosts.has(named)) {
      return refuse(403, `Forbidden: Host must be one of ${[...hosts].join(", ")}`);
    }
    const origin = headers.get("origin")?.toLowerCase();
    return origin === undefined || origins.has(origin)
      ? undefined
      : refuse(403, `Forbidden: Origin must be absent or one of ${[...origins].join(", ")}`);
  };
}

const lower = (text: string) => text.toLowerCase();

/** What web pages of the allowed origins may do, by CORS; without any, no header of it is ever sent. */
export function createSharing(allowOrigins: readonly string[]) {
  const allowed = new Set(allowOrigins.map(lower));
  const isShared = ({ headers }: Request) =>
    allowed.size > 0 && allowed.has(headers.get("origin")?.toLowerCase() ?? "");
  return {
    /** The answer to a preflight, which carries no token; nothing where it is none. */
    preflight(request: Request): Response | undefined {
      return request.method === "OPTIONS" && isShared(request)
        ? new Response(null, {
            status: 204,
            headers: {
              "access-control-allow-methods": "GET, POST, DELETE",
              "access-control-allow-headers": request.headers.get("access-control-request-headers") ?? "",
              "access-control-max-age": "600",
            },
          })
        : undefined;
    },
    /** `response`, to be read by a page of an allowed origin. */
    share(request: Request, response: Response): Response {
      if (isShared(request)) {
        response.headers.set("access-control-allow-origin", request.headers.get("origin") ?? "");
        response.headers.set("access-control-expose-headers", "mcp-session-id, www-authenticate, retry-after");
        response.headers.append("vary", "origin");
      }
      return response;
    },
  };
}

/** A refusal as a JSON-RPC error without id. */
export function refuse(
  status: number,
  message: string,
  code: number = RPC.refused,
  headers: Record<string, string> = {},
): Response {
  return Response.json(errorReply(null, code, message), { status, headers });
}

/**
 * The text of a body. The runtime gathers one in memory that it doubles, and copies at its end: what is not known to be
 * small is put where it will stay. Throws where the body is cut short.
 */
async function textOfBody(request: Request): Promise<MessageText | undefined> {
  const length = request.headers.get("content-length");
  if ((length !== null && Number(length) < LARGE_BYTES) || request.body === null) {
    return textOf(new Uint8Array(await request.arrayBuffer()));
  }
  const gathered = createGathered(BODY_BYTES);
  try {
    for await (const chunk of request.body) {
      gathered.add(chunk);
      release(chunk);
    }
    return textOf(gathered.bytes());
  } finally {
    const size = gathered.size();
    gathered.clear();
    if (size >= LARGE_BYTES) {
      collect();
    }
  }
}

/** The JSON value in a request's body, and its text, or the answer to a body that is none. */
export async function readJson(request: Request): Promise<{ value: unknown; text: string } | { refusal: Response }> {
  if (!isJson(request.headers.get("content-type"))) {
    return { refusal: refuse(415, "Unsupported Media Type: Content-Type must be application/json") };
  }
  const read = await textOfBody(request).catch(() => undefined);
  if (read === undefined) {
    return { refusal: Response.json(parseError("not UTF-8, or cut short"), { status: 400 }) };
  }
  const { text, taken } = read;
  const parsed = parseJson(text, taken);
  return "reply" in parsed ? { refusal: Response.json(parsed.reply, { status: 400 }) } : { value: parsed.value, text };
}

/** Whether a media type is JSON's, whatever its parameters. */
function isJson(type: string | null): boolean {
  return type === "application/json" || type?.split(";")[0]?.trim().toLowerCase() === "application/json";
}

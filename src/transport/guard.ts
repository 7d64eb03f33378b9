import { errorReply, RPC } from "../protocol/jsonrpc.ts";

/** The most bytes a request's body may have: as much as a line on stdio. */
export const BODY_BYTES = 16 * 1024 * 1024;

/** Whether a request may pass, by its headers alone. */
export type Guard = (request: Request) => Response | undefined;

/**
 * Refuses, with 403 and before the body is read, what does not name this server exactly in Host, or comes from a web
 * page of another origin: the defence against DNS rebinding. A request without Origin comes from no browser.
 */
export function createGuard(host: string, port: number): Guard {
  const names = new Set(["localhost", "127.0.0.1", "[::1]", host.includes(":") ? `[${host}]` : host]);
  const hosts = new Set([...names].flatMap((name) => [name, `${name}:${port}`]));
  const origins = new Set([...names].map((name) => `http://${name}:${port}`));
  return (request) => {
    const named = request.headers.get("host")?.toLowerCase();
    if (named === undefined || !hosts.has(named)) {
      return refuse(403, `Forbidden: Host must be one of ${[...hosts].join(", ")}`);
    }
    const origin = request.headers.get("origin")?.toLowerCase();
    return origin === undefined || origins.has(origin)
      ? undefined
      : refuse(403, `Forbidden: Origin must be absent or one of ${[...origins].join(", ")}`);
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

/** The JSON value in a request's body, or the answer to a body that is none. */
export async function readJson(request: Request): Promise<{ value: unknown } | { refusal: Response }> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    return { refusal: refuse(415, "Unsupported Media Type: Content-Type must be application/json") };
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await request.arrayBuffer());
    return { value: JSON.parse(text) };
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : "not UTF-8, or cut short";
    return { refusal: refuse(400, `Parse error: ${reason}`, RPC.parseError) };
  }
}

import type { StdioServer } from "./server.ts";

type Message = Record<string, unknown>;

/** The envelope of a 2026-07-28 request. */
export const ENVELOPE = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "test-client", version: "1.0" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** `params` as a 2026-07-28 request has them. */
export function enveloped(params: Message = {}): Message {
  return { ...params, _meta: { ...ENVELOPE, ...Object(params["_meta"]) } };
}

/** POSTs one 2026-07-28 request with the headers it needs, unless `headers` says otherwise; null leaves one out. */
export function postStateless(
  url: string,
  method: string,
  params: Message = {},
  headers: Record<string, string | null> = {},
  signal?: AbortSignal,
): Promise<Response> {
  const name = params["name"] ?? params["uri"];
  const all: Record<string, string | null> = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    "mcp-name": typeof name === "string" ? encodeHeader(name) : null,
    ...headers,
  };
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null);
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: enveloped(params) });
  return fetch(`${url}/mcp`, { method: "POST", headers: given, body, ...(signal && { signal }) });
}

/** A header's value: as it is where it is plain ASCII, else between the Base64 sentinels. */
export function encodeHeader(value: string): string {
  return /^[!-~]([ -~]*[!-~])?$/.test(value) ? value : `=?base64?${Buffer.from(value).toString("base64")}?=`;
}

/** One way to send a request and get its result or error. */
export type Ask = (method: string, params?: Message) => Promise<Message>;

/** Asks a stdio server in the stateless era. */
export function statelessly(server: StdioServer): Ask {
  return (method, params) => server.request(method, enveloped(params));
}

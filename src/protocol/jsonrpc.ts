/** A message's parameters, or a result: an object of anything. */
export type Members = Readonly<Record<string, unknown>>;

/** JSON-RPC 2.0 and MCP error codes. */
export const RPC = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  /** Up to 2025-11-25. */
  resourceNotFound: -32002,
  sessionNotFound: -32001,
  refused: -32000,
  /** From 2026-07-28 on. */
  headerMismatch: -32020,
  missingCapability: -32021,
  unsupportedVersion: -32022,
} as const;

export type Id = string | number;

export interface RpcRequest {
  jsonrpc: "2.0";
  id: Id;
  method: string;
  params?: Members;
}

export interface RpcNotification {
  jsonrpc: "2.0";
  method: string;
  params?: Members;
}

export interface RpcErrorReply {
  jsonrpc: "2.0";
  id: Id | null;
  error: { code: number; message: string; data?: unknown };
}

/** What one JSON value is, as JSON-RPC messages go. An invalid one carries the answer it deserves. */
export type Classified =
  | { kind: "request"; message: RpcRequest }
  | { kind: "notification"; message: RpcNotification }
  | { kind: "response"; message: Members }
  | { kind: "invalid"; reply: RpcErrorReply };

/** The error reply to the message `id`; null where the message had none that can be told. */
export function errorReply(id: Id | null, code: number, message: string, data?: unknown): RpcErrorReply {
  return { jsonrpc: "2.0", id, error: data === undefined ? { code, message } : { code, message, data } };
}

/** Whether `value` is a JSON object. */
export function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Tells what a parsed JSON value is; members that JSON-RPC does not know are dropped. */
export function classify(value: unknown): Classified {
  if (!isMembers(value)) {
    return invalid(null, "a message is a JSON object");
  }
  const { jsonrpc, id, method, params } = value;
  const known = isId(id) ? id : null;
  if (jsonrpc !== "2.0") {
    return invalid(known, 'jsonrpc must be "2.0"');
  }
  if (method === undefined && ("result" in value || "error" in value)) {
    return isId(id) ? { kind: "response", message: value } : invalid(null, "a response has the id of a request");
  }
  if (typeof method !== "string") {
    return invalid(known, "method must be a string");
  }
  if (params !== undefined && !isMembers(params)) {
    return invalid(known, "params must be an object");
  }
  if (!("id" in value)) {
    return { kind: "notification", message: params === undefined ? { jsonrpc, method } : { jsonrpc, method, params } };
  }
  if (!isId(id)) {
    return invalid(null, "id must be a string or an integer");
  }
  return {
    kind: "request",
    message: params === undefined ? { jsonrpc, id, method } : { jsonrpc, id, method, params },
  };
}

function isId(id: unknown): id is Id {
  return typeof id === "string" || Number.isSafeInteger(id);
}

function invalid(id: Id | null, reason: string): Classified {
  return { kind: "invalid", reply: errorReply(id, RPC.invalidRequest, `Invalid Request: ${reason}`) };
}

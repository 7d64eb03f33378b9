import type { Principal } from "../domain/access.ts";
import { isMembers, type Members, type RpcNotification } from "./jsonrpc.ts";

/** The stateless revision: each request is complete in itself. */
export const REVISION = "2026-07-28";

/** The reserved keys of `_meta`. */
export const META = {
  version: "io.modelcontextprotocol/protocolVersion",
  client: "io.modelcontextprotocol/clientInfo",
  capabilities: "io.modelcontextprotocol/clientCapabilities",
  logLevel: "io.modelcontextprotocol/logLevel",
  server: "io.modelcontextprotocol/serverInfo",
  subscription: "io.modelcontextprotocol/subscriptionId",
} as const;

const LOG_LEVELS = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

/** What carries one request: how it ends early, and what it may send before its reply. */
export interface Exchange {
  /** Aborted with the reason `"shutdown"` when the server ends, with any other when the client cancels. */
  readonly signal: AbortSignal;
  /** Whether the signal is aborted, or would be. */
  isOver(): boolean;
  send(notification: RpcNotification): void;
  /** See `RequestContext`. */
  reserve(bytes: number): Promise<() => void>;
  /** See `RequestContext`; absent where a late answer needs no care. */
  linger?(): void;
  /** See `RequestContext`. */
  principal?: Principal | undefined;
  /** The HTTP headers, where there are any. */
  headers?: Headers | undefined;
}

/** Whether a message claims to be of this era, by its body. */
export function claims({ params }: { params?: Members | undefined }): boolean {
  return params !== undefined && metaOf(params)[META.version] !== undefined;
}

/** What is wrong with the reserved keys of `_meta`, the revision aside. */
export function envelopeFault(meta: Members): string | undefined {
  const client = meta[META.client];
  const level = meta[META.logLevel];
  if (!isMembers(meta[META.capabilities])) {
    return `_meta["${META.capabilities}"] is required, an object`;
  }
  if (
    client !== undefined &&
    !(isMembers(client) && typeof client["name"] === "string" && typeof client["version"] === "string")
  ) {
    return `_meta["${META.client}"] has a name and a version`;
  }
  if (level !== undefined && !(typeof level === "string" && LOG_LEVELS.includes(level))) {
    return `_meta["${META.logLevel}"] is one of ${LOG_LEVELS.join(", ")}`;
  }
  return undefined;
}

/** A request's `_meta`, or an empty one. */
export function metaOf(params: Members): Members {
  const meta = params["_meta"];
  return isMembers(meta) ? meta : {};
}

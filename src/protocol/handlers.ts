import type { Log } from "../log.ts";
import type { ToolContext } from "../tools/tool.ts";
import { failedRequest } from "./failure.ts";
import type { Members } from "./jsonrpc.ts";
import { listTools } from "./list-tools.ts";

/** One request beside its parameters. */
export interface RequestContext {
  /** `clientInfo.name`, where the client gave one. */
  client?: string | undefined;
  /** Whether the client runs as this user on this machine (stdio), so that files may be read for it. */
  local: boolean;
  /** Aborted when the client cancels or goes away. */
  signal: AbortSignal;
}

/** Answers one method. Throws `ProtocolError` alone. */
export type Handler = (params: Members, context: RequestContext) => Promise<Members>;

/** Method → function. */
export type HandlerTable = ReadonlyMap<string, Handler>;

/** What the table is made of. */
export interface Services {
  tools: Omit<ToolContext, "caller">;
  /** `MCP_TASK_AGENT` or `--agent`. */
  agent?: string | undefined;
  log: Log;
}

/**
 * THE handler table: nothing else answers a method, whatever the transport or revision. It knows no SDK. What the first
 * answers do not need comes by `import()`.
 */
export function createHandlers(services: Services): HandlerTable {
  // One promise for all that is loaded late, so that requests start in the order they came.
  let late: Promise<typeof import("./call-tool.ts") & typeof import("./resources.ts")> | undefined;
  const load = () => {
    late ??= Promise.all([import("./call-tool.ts"), import("./resources.ts")]).then(([tools, resources]) => ({
      ...tools,
      ...resources,
    }));
    return late;
  };
  const table: Readonly<Record<string, Handler>> = {
    "tools/list": async () => listTools(),
    "tools/call": async (params, context) => (await load()).callTool(services, params, context),
    "resources/list": async (params) => (await load()).listResources(services, params),
    "resources/templates/list": async () => (await load()).listTemplates(),
    "resources/read": async (params) => (await load()).readResource(services, params),
  };
  return new Map(Object.entries(table).map(([method, handler]) => [method, guarded(method, handler, services.log)]));
}

function guarded(method: string, handler: Handler, log: Log): Handler {
  return async (params, context) => {
    try {
      return await handler(params, context);
    } catch (error) {
      throw failedRequest(error, method, log);
    }
  };
}

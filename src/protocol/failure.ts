import { oneLine } from "../domain/clean.ts";
import { TaskError } from "../domain/errors.ts";
import type { Log } from "../log.ts";
import { RPC } from "./jsonrpc.ts";

/** An error that is answered as a JSON-RPC error; the SDK copies `code`, `message` and `data` onto the wire. */
export class ProtocolError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.name = "ProtocolError";
    this.code = code;
    this.data = data;
  }
}

/** What a caller is told of `error`: its code and message, or, of a bug, nothing but `internal`; the log has the rest. */
function told(error: unknown, doing: string, log: Log): { code: string; message: string; details?: unknown } {
  if (error instanceof TaskError) {
    const { code, message, details } = error;
    if (code === "internal") {
      log.error(`${doing} failed`, error);
    } else {
      log.debug(`${doing} refused`, { code });
    }
    return { code, message: oneLine(message), ...(details === undefined ? {} : { details }) };
  }
  log.error(`${doing} failed`, error);
  return { code: "internal", message: `Cannot complete ${doing}: an internal error, which the server's log describes` };
}

/** An error of a tool as a result that the model can read and mend. */
export function failedCall(error: unknown, tool: string, log: Log) {
  const text = JSON.stringify(told(error, `tools/call ${tool}`, log));
  return { content: [{ type: "text", text }], isError: true };
}

/** An error of any other method as a JSON-RPC error. */
export function failedRequest(error: unknown, method: string, log: Log): ProtocolError {
  if (error instanceof ProtocolError) {
    return error;
  }
  const { code, message, details } = told(error, method, log);
  const rpcCode = code === "internal" ? RPC.internalError : RPC.invalidParams;
  return new ProtocolError(rpcCode, message, code === "internal" ? undefined : { code, details });
}

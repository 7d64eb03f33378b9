/** Lines on stderr for whoever runs the server; stdout belongs to the protocol. */
export interface Log {
  /** Written only with `--debug` or MCP_DEBUG. */
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** With the stack of the error and of its causes. */
  error(message: string, error: unknown): void;
}

/** One JSON object a line: time, level, message, fields. Never a token, a prompt or a body. */
export function createLog(debug: boolean): Log {
  const write = (level: string, msg: string, fields: Readonly<Record<string, unknown>> = {}) => {
    console.error(JSON.stringify({ time: new Date().toISOString(), level, msg, ...fields }));
  };
  return {
    debug: debug ? (message, fields) => write("debug", message, fields) : () => undefined,
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    error: (message, error) => write("error", message, { error: stackOf(error) }),
  };
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by ${stackOf(error.cause)}`;
}

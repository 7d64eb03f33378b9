import { createGate } from "./auth/authenticate.ts";
import { type Config, EXIT, StartRefusal } from "./config.ts";
import { watchDescriptors } from "./descriptors.ts";
import type { Log } from "./log.ts";
import type { HandlerTable } from "./protocol/handlers.ts";
import { codeOf } from "./store/error-code.ts";
import type { Store } from "./store/store.ts";
import { type HttpServer, serveHttp } from "./transport/http.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Serves over HTTP until `signal` is aborted. */
export async function serveOverHttp(
  host: { table: HandlerTable; log: Log },
  config: Config,
  { tokens, state }: Store,
  { signal, env }: { signal: AbortSignal; env: Env },
): Promise<void> {
  const notifier = await serviceManager(env);
  const options = { ...config, most: config.maxStreams, gate: createGate(tokens), state };
  const server = listen(() => serveHttp(host, options), config);
  const unwatch = watchDescriptors(Number(new URL(server.url).port), host.log);
  host.log.info("listening", { url: server.url });
  notifier?.ready(server.url);
  await new Promise((resolve) => {
    signal.addEventListener("abort", resolve, { once: true });
    if (signal.aborted) {
      resolve(undefined);
    }
  });
  notifier?.stopping();
  unwatch();
  await server.stop();
}

/** Listens, or says in one line why it cannot. */
function listen(serve: () => HttpServer, { host, port }: Config): HttpServer {
  try {
    return serve();
  } catch (error) {
    const code = codeOf(error);
    if (!/^E(ADDR|ACCES)/.test(code)) {
      throw error;
    }
    const reason = code === "EADDRINUSE" ? "the port is taken, perhaps by another server of ours" : code;
    throw new StartRefusal(
      EXIT.failure,
      `Cannot listen on ${host}, port ${port}: ${reason}; another port is accepted (--port, MCP_TASK_PORT), 0 takes a free one`,
    );
  }
}

/** systemd, where it started us; see `systemd/`. */
async function serviceManager({ NOTIFY_SOCKET: socket, WATCHDOG_USEC: watchdog }: Env) {
  return socket ? (await import("./notify.ts")).createNotifier(socket, Number(watchdog ?? 0) / 1000) : undefined;
}

import { existsSync, statSync } from "node:fs";
import { createClock } from "./clock.ts";
import {
  type CommandLine,
  type Config,
  EXIT,
  executableFolder,
  isLoopback,
  parseCommandLine,
  resolveConfig,
  StartRefusal,
} from "./config.ts";
import { TaskError } from "./domain/errors.ts";
import { createEnding, endOnSignals } from "./ending.ts";
import { helpText } from "./help.ts";
import { createIds, createToken } from "./id.ts";
import { lazyArtifacts, lazyRepo, readFile } from "./late.ts";
import { createLog, type Log } from "./log.ts";
import { plainCommandLine } from "./plain-flags.ts";
import { feedOf } from "./protocol/feed.ts";
import { createHandlers, type HandlerTable } from "./protocol/handlers.ts";
import { SERVER_INFO } from "./protocol/server-info.ts";
import { createScans } from "./redact/scans.ts";
import { accessTo } from "./store/access.ts";
import { codeOf } from "./store/error-code.ts";
import { holdsOurDatabase, openStore } from "./store/sqlite/open.ts";
import { OperationRefusal, type Store, StoreRefusal } from "./store/store.ts";
import { createWaiters } from "./tools/waiters.ts";
import { isWildcard } from "./transport/guard.ts";
import type { HttpServer } from "./transport/http.ts";
import { print, serveStdio } from "./transport/stdio.ts";
import { createWatch, type Watch } from "./watch/watch.ts";

// Whatever we create is for this user alone, whatever the shell's umask says.
process.umask(0o077);
try {
  process.exit(await run(Bun.argv.slice(2)));
} catch (error) {
  const code = refusalCode(error);
  if (code !== undefined && error instanceof Error) {
    console.error(error.message);
    process.exit(code);
  }
  createLog(false).error("cannot start", error);
  process.exit(EXIT.failure);
}

/** The exit code of a reason to end that is told in one line; nothing for a bug. */
function refusalCode(error: unknown): number | undefined {
  if (error instanceof StartRefusal) {
    return error.exitCode;
  }
  if (error instanceof StoreRefusal) {
    return EXIT.configuration;
  }
  return error instanceof OperationRefusal || error instanceof TaskError ? EXIT.failure : undefined;
}

/** Runs one command line to its end and answers the exit code. */
async function run(argv: readonly string[]): Promise<number> {
  const line = plainCommandLine(argv) ?? (await parseCommandLine(argv));
  if (line.flags["help"] === true) {
    await print(helpText());
    return EXIT.ok;
  }
  if (line.flags["version"] === true) {
    await print(`${SERVER_INFO.version}\n`);
    return EXIT.ok;
  }
  const config = resolveConfig(line.flags, process.env, () => holdsOurDatabase(executableFolder()));
  if (line.command === "healthcheck") {
    const { healthcheck } = await import("./commands/healthcheck.ts");
    const { report, healthy } = await healthcheck(config, ownCommand(), line.flags["json"] === true);
    await print(report);
    return healthy ? EXIT.ok : EXIT.failure;
  }
  return line.command === undefined ? serve(config) : runCommand(line, config);
}

async function runCommand(line: CommandLine, config: Config): Promise<number> {
  const { RUN } = await import("./commands/table.ts");
  const run = await RUN[line.command ?? ""]?.();
  const { report, notes = [], exitCode } = (await run?.(line, config)) ?? { report: "", exitCode: EXIT.usage };
  await print(report);
  for (const note of notes) {
    console.error(note);
  }
  return exitCode;
}

async function serve(config: Config): Promise<number> {
  const log = createLog(config.debug);
  const stop = new AbortController();
  endOnSignals(stop, log);
  refuseArtifactsFolder(config.artifacts, log);
  // A store that is yet to be made has no tokens, and is not made for nothing.
  refuseOpenHost(config, existsSync(config.db));
  const ending = createEnding(stop, log);
  let watch: Watch | undefined;
  const store = await openStore(config.db, {
    now: await createClock(),
    onCommit: () => watch?.poke(),
    onDamage: (error) => log.error(`the database is damaged: run mcp-task-server verify --db ${config.db}`, error),
    onOutdated: () => ending.end("a newer mcp-task-server has migrated the database", config.db),
    onFailed: (failure, error) => (failure === "replaced" ? ending.replaced(config.db) : ending.unsynced(error)),
    onWarning: (message) => log.warn(message),
  });
  refuseOpenHost(config, await store.tokens.exist());
  watch = createWatch(store, config.db, { onError: log.error });
  const waiters = createWaiters({ store, changes: watch, stopping: stop.signal, onError: log.error });
  const repo = config.drift ? lazyRepo(process.env) : undefined;
  const artifacts = lazyArtifacts(config.artifacts, ending.unsynced);
  const tools = { store, artifacts, readFile, repo, id: createIds(), grant: grants(config), waiters };
  const services = { tools, agent: config.agent, scans: createScans(config.secrets), feed: feedOf(watch), log };
  const host = { table: createHandlers(services), log };
  log.debug("serving", { db: config.db, artifacts: config.artifacts, transport: config.http ? "http" : "stdio" });
  if (config.http) {
    await serveHttp(host, config, store, stop.signal);
  } else {
    await serveStdio(host, stop);
  }
  watch.close();
  await store.close();
  return ending.exitCode();
}

async function serveHttp(
  host: { table: HandlerTable; log: Log },
  config: Config,
  { tokens, state }: Store,
  signal: AbortSignal,
): Promise<void> {
  const [{ serveHttp }, { createGate }, { watchDescriptors }] = await Promise.all([
    import("./transport/http.ts"),
    import("./auth/authenticate.ts"),
    import("./descriptors.ts"),
  ]);
  const notifier = await serviceManager();
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

/** Beyond this machine nobody is served who cannot be told apart, nor under a name that nobody has vouched for. */
function refuseOpenHost({ host, allowHosts }: Config, tokens: boolean): void {
  if (isLoopback(host)) {
    return;
  }
  if (!tokens) {
    throw new StartRefusal(
      EXIT.configuration,
      `Cannot listen on host "${host}": without tokens others could read and change every task; 127.0.0.0/8, ::1 and ` +
        "localhost are accepted (--host, MCP_TASK_HOST), any address once `mcp-task-server token create` has made a token",
    );
  }
  if (isWildcard(host) && allowHosts.length === 0) {
    throw new StartRefusal(
      EXIT.configuration,
      `Cannot listen on host "${host}": it stands for every address, and clients have to call the server by a name; ` +
        "with --allow-host <name> (MCP_TASK_ALLOW_HOSTS) it is accepted",
    );
  }
}

/**
 * What is there in the place of the artifacts folder must be a folder, and one that not everybody may write to; one that
 * is missing is made when it is needed.
 */
function refuseArtifactsFolder(path: string, log: Log): void {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? true;
  const { refusal, warning } = accessTo(path);
  const reason = isFolder ? refusal : "it is not a folder";
  if (reason !== undefined) {
    const accepted =
      "another folder is accepted (--artifacts, MCP_TASK_ARTIFACTS_DIR), and is made when it does not exist";
    throw new StartRefusal(EXIT.configuration, `Cannot keep artifacts in "${path}": ${reason}; ${accepted}`);
  }
  if (warning !== undefined) {
    log.warn(warning);
  }
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
async function serviceManager() {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: watchdog } = process.env;
  return socket ? (await import("./notify.ts")).createNotifier(socket, Number(watchdog ?? 0) / 1000) : undefined;
}

/** How to start this very program again. */
function ownCommand(): readonly [string, ...string[]] {
  return executableFolder() === undefined ? [process.execPath, Bun.main] : [process.execPath];
}

/** What calls may grant: new tokens, and the configured times. */
function grants({ leaseSeconds, offerSeconds }: Config) {
  return (lease_seconds = leaseSeconds) => ({ token: createToken(), lease_seconds, offer_seconds: offerSeconds });
}

import {
  type CommandLine,
  type Config,
  EXIT,
  executableFolder,
  LOOPBACK,
  resolveConfig,
  StartRefusal,
} from "./config.ts";
import { TaskError } from "./domain/errors.ts";
import { createEnding, endOnSignals } from "./ending.ts";
import { createLog, type Log } from "./log.ts";
import { plainCommandLine } from "./plain-flags.ts";
import { createHandlers } from "./protocol/handlers.ts";
import { SERVER_INFO } from "./protocol/server-info.ts";
import type { Served, ServicesHost } from "./services.ts";
import { accessTo } from "./store/access.ts";
import { find } from "./store/files.ts";
import { holdsOurDatabase, openDatabase } from "./store/sqlite/open.ts";
import { OperationRefusal, StoreRefusal } from "./store/store.ts";
import { openInput, print, serveStdio } from "./transport/stdio.ts";

/** What calls need is loaded even if none comes, so long after the database was opened, in milliseconds. */
const SOON_MS = 100;

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
  const line = plainCommandLine(argv) ?? (await import("./command-line.ts")).parseCommandLine(argv);
  if (line.flags["help"] === true) {
    await print((await import("./help.ts")).helpText());
    return EXIT.ok;
  }
  if (line.flags["version"] === true) {
    await print(`${SERVER_INFO.version}\n`);
    return EXIT.ok;
  }
  if (line.command !== undefined) {
    endOfStart();
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
  const refuseOpen = config.host === LOOPBACK ? undefined : (await import("./open-host.ts")).refuseOpenHost;
  // A store that is yet to be made has no tokens, and is not made for nothing.
  refuseOpen?.(config, find(config.db) !== undefined);
  const ending = createEnding(stop, log);
  const input = config.http ? undefined : openInput();
  const database = await openDatabase(config.db, log.warn);
  const served = onDemand({ config, database, log, ending, stopping: stop.signal, env: process.env });
  refuseOpen?.(config, await served().store.tokens.exist());
  const host = { table: createHandlers(() => served().services, log), log };
  log.debug("serving", { db: config.db, artifacts: config.artifacts, transport: config.http ? "http" : "stdio" });
  if (input === undefined) {
    const { serveOverHttp } = await import("./http-service.ts");
    await serveOverHttp(host, config, served().store, { signal: stop.signal, env: process.env });
  } else {
    // Who looks after the database and the index does so in a server that nobody calls, too.
    setTimeout(served, SOON_MS).unref();
    await serveStdio(host, input, stop);
  }
  await served().close();
  return ending.exitCode();
}

/** From here on code that runs often is compiled as soon as ever: the executable starts reluctant (see `scripts/build.ts`). */
function endOfStart(): void {
  Bun.unsafe.setJITPolicy(1);
}

/** What calls need, loaded with the first of them: at once, so that the order in which they came is that of the store. */
function onDemand(host: ServicesHost): () => Served {
  let served: Served | undefined;
  return () => {
    if (served === undefined) {
      endOfStart();
      const { createServices }: typeof import("./services.ts") = require("./services.ts");
      served = createServices(host);
    }
    return served;
  };
}

/**
 * What is there in the place of the artifacts folder must be a folder, and one that not everybody may write to; one that
 * is missing is made when it is needed.
 */
function refuseArtifactsFolder(path: string, log: Log): void {
  const isFolder = find(path)?.folder ?? true;
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

/** How to start this very program again. */
function ownCommand(): readonly [string, ...string[]] {
  return executableFolder() === undefined ? [process.execPath, Bun.main] : [process.execPath];
}

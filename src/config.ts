import { asAgentName } from "./domain/agent.ts";
import { type Bounds, LEASE_SECONDS, OFFER_SECONDS, range } from "./domain/bounds.ts";
import { quote } from "./domain/clean.ts";
import { homeFolder } from "./home.ts";
import { folderOf, resolvePath } from "./paths.ts";

/** What is done about secrets in what agents write. */
export type SecretsMode = "redact" | "warn" | "off";

/** Calls a second of one token. */
export const RATE: Bounds = { least: 0, most: 1_000_000, usual: 2000 };

/** Event streams at once: each is a file, of which the unit grants 16,384. */
export const STREAMS: Bounds = { least: 1, most: 12_000, usual: 1024 };

/** Everything that can be set, resolved. Paths are absolute. */
export interface Config {
  db: string;
  artifacts: string;
  http: boolean;
  host: string;
  port: number;
  /** Further values of Host and Origin that are accepted, exactly. */
  allowHosts: readonly string[];
  allowOrigins: readonly string[];
  /** Calls a second of one token; 0 for any number. */
  rate: number;
  maxStreams: number;
  agent: string | undefined;
  /** How long a lease lasts, and an offer waits for its addressee alone; seconds. */
  leaseSeconds: number;
  offerSeconds: number;
  secrets: SecretsMode;
  /** What a health check shows a running server. */
  token: string | undefined;
  /** Whether repositories are looked at. */
  drift: boolean;
  debug: boolean;
}

/** The process's exit codes: usage is a mistake on the command line, configuration one around it (sysexits.h). */
export const EXIT = { ok: 0, failure: 1, usage: 2, configuration: 78 } as const;

/** Where only this machine reaches a server. */
export const LOOPBACK = "127.0.0.1";

/** A reason to end with an exit code other than 0; the message is for the person who started the server. */
export class StartRefusal extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

type Env = Readonly<Record<string, string | undefined>>;

/** Settings as given on the command line, by flag. */
export type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** A command line, taken apart. */
export interface CommandLine {
  command: string | undefined;
  /** What stands after the command's name. */
  operands: readonly string[];
  flags: Flags;
}

/** The configuration from flags and environment; flags win. Throws `StartRefusal`. */
export function resolveConfig(flags: Flags, env: Env, portableFolder: () => string | undefined): Config {
  const text = (flag: string, name: string): string | undefined => {
    const value = flags[flag];
    return typeof value === "string" ? value : variable(env, name);
  };
  const number = (flag: string, name: string, bounds: Bounds, noun = "number") =>
    numberWithin(text(flag, name), bounds, noun, `--${flag}, ${name}`);
  const several = (flag: string, name: string, form: RegExp) =>
    listOf(flags[flag] ?? variable(env, name)?.split(","), form, `--${flag}, ${name}`);
  const path = createResolver(env, portableFolder);
  return {
    db: path(text("db", "MCP_TASK_DB_PATH") ?? "tasks.db"),
    artifacts: path(text("artifacts", "MCP_TASK_ARTIFACTS_DIR") ?? "artifacts"),
    http: flags["http"] === true,
    host: text("host", "MCP_TASK_HOST") ?? LOOPBACK,
    port: portNumber(text("port", "MCP_TASK_PORT")),
    allowHosts: several(
      "allow-host",
      "MCP_TASK_ALLOW_HOSTS",
      /^[a-z0-9._-]+(?::\d{1,5})?$|^\[[0-9a-f:.]+\](?::\d{1,5})?$/i,
    ),
    allowOrigins: several("allow-origin", "MCP_TASK_ALLOW_ORIGINS", /^https?:\/\/[^/\s?#@]+$/i),
    rate: number("rate", "MCP_TASK_RATE", RATE),
    maxStreams: number("max-streams", "MCP_TASK_MAX_STREAMS", STREAMS),
    agent: configuredAgent(text("agent", "MCP_TASK_AGENT")),
    leaseSeconds: number("lease-seconds", "MCP_TASK_LEASE_SECONDS", LEASE_SECONDS, "time in seconds"),
    offerSeconds: number("offer-seconds", "MCP_TASK_OFFER_SECONDS", OFFER_SECONDS, "time in seconds"),
    secrets: secretsMode(text("secrets", "MCP_TASK_SECRETS")),
    token: variable(env, "MCP_TASK_TOKEN"),
    drift: looksAtRepos(text("drift", "MCP_TASK_DRIFT") ?? "auto", flags["http"] === true),
    debug: typeof flags["debug"] === "boolean" ? flags["debug"] : Boolean(env["MCP_DEBUG"]),
  };
}

/** The folder of the running executable, or nothing when a runtime runs the source. */
export function executableFolder(): string | undefined {
  return Bun.main.includes("$bunfs") || Bun.main.includes("~BUN") ? folderOf(process.execPath) : undefined;
}

/** A variable that says something: some hosts pass a placeholder such as `${user_config.x}` on where it has no value. */
function variable(env: Env, name: string): string | undefined {
  const value = env[name] ?? "";
  return value === "" || (value.startsWith("${") && value.endsWith("}")) ? undefined : value;
}

/** The refusal of a command line. */
export function usage(reason: string): StartRefusal {
  return new StartRefusal(EXIT.usage, `Cannot start mcp-task-server: ${reason}`);
}

/** Makes paths absolute. Where relative ones begin is looked for with the first of them. */
function createResolver(env: Env, portableFolder: () => string | undefined): (path: string) => string {
  let base: string | undefined;
  const findBase = () => {
    const folder = variable(env, "MCP_TASK_BASE_DIR");
    return folder === undefined
      ? (portableFolder() ?? dataFolder(env))
      : resolvePath(process.cwd(), expandHome(folder, env));
  };
  return (given) => {
    const path = expandHome(given, env);
    base ??= path.startsWith("/") && process.platform !== "win32" ? undefined : findBase();
    return resolvePath(base ?? "/", path);
  };
}

function expandHome(path: string, env: Env): string {
  return path === "~" || path.startsWith("~/") ? `${homeFolder(env)}${path.slice(1)}` : path;
}

/** Where a user's programs keep their data: XDG, and the conventions of macOS and Windows. */
function dataFolder(env: Env): string {
  const home = homeFolder(env);
  const ours = "mcp-task-server";
  if (process.platform === "darwin") {
    return resolvePath(home, `Library/Application Support/${ours}`);
  }
  if (process.platform === "win32") {
    return resolvePath(env["LOCALAPPDATA"] ?? resolvePath(home, "AppData/Local"), ours);
  }
  const data = env["XDG_DATA_HOME"];
  return resolvePath(data?.startsWith("/") === true ? data : resolvePath(home, ".local/share"), ours);
}

function portNumber(text = "8766"): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65535)) {
    throw usage(`port ${quote(text)} is none; a whole number from 0 to 65535 is accepted (--port, MCP_TASK_PORT)`);
  }
  return port;
}

function numberWithin(text: string | undefined, bounds: Bounds, noun: string, names: string): number {
  if (text === undefined) {
    return bounds.usual;
  }
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= bounds.least && number <= bounds.most)) {
    throw usage(`${quote(text)} is no ${noun}; a whole number, ${range(bounds)}, is accepted (${names})`);
  }
  return number;
}

function listOf(given: Flags[string], form: RegExp, names: string): string[] {
  if (!Array.isArray(given)) {
    return [];
  }
  const values = given.map((value) => String(value).trim());
  const odd = values.find((value) => !form.test(value));
  if (odd !== undefined) {
    throw usage(
      `${quote(odd)} is none; a name such as tasks.example.com, or an origin with its scheme, is accepted (${names})`,
    );
  }
  return values;
}

function configuredAgent(name: string | undefined): string | undefined {
  const agent = name === undefined ? undefined : asAgentName(name);
  if (name !== undefined && agent === undefined) {
    throw usage(`agent ${quote(name)} is no name; 1–64 printable characters are accepted (--agent, MCP_TASK_AGENT)`);
  }
  return agent;
}

function secretsMode(text = "redact"): SecretsMode {
  if (text === "redact" || text === "warn" || text === "off") {
    return text;
  }
  throw usage(`secrets ${quote(text)} is no mode; redact, warn, off are accepted (--secrets, MCP_TASK_SECRETS)`);
}

/** Over HTTP callers name paths of the server's machine, which need not be theirs. */
function looksAtRepos(text: string, http: boolean): boolean {
  if (text !== "auto" && text !== "on" && text !== "off") {
    throw usage(`drift ${quote(text)} is none; auto, on and off are accepted (--drift, MCP_TASK_DRIFT)`);
  }
  return text === "auto" ? !http : text === "on";
}

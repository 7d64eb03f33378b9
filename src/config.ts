import { dirname, isAbsolute, join, resolve } from "node:path";
import { asAgentName } from "./domain/agent.ts";
import { quote } from "./domain/clean.ts";
import { LEASE_SECONDS, OFFER_SECONDS } from "./domain/lease.ts";
import { homeFolder } from "./home.ts";
import { type Bounds, COMMANDS, RATE, range, SECRETS_MODES, SETTINGS, type SecretsMode, STREAMS } from "./settings.ts";

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

/** Takes a command line apart. Throws `StartRefusal` for what it does not know. */
export async function parseCommandLine(argv: readonly string[]): Promise<CommandLine> {
  const { parseArgs } = await import("citty");
  const known = SETTINGS.flatMap((setting) => (setting.flag === undefined ? [] : [{ ...setting, flag: setting.flag }]));
  const definitions = Object.fromEntries(
    known.map(({ flag, alias, value }) => [
      flag,
      { type: value === undefined ? ("boolean" as const) : ("string" as const), ...(alias && { alias }) },
    ]),
  );
  const { _: positionals, ...given } = parseArgs([...argv], definitions);
  const [command, ...operands] = positionals;
  const accepted = known.filter(({ commands }) => commands === undefined || commands.includes(command ?? ""));
  const flags: Record<string, Flags[string]> = {};
  for (const [name, value] of Object.entries(given)) {
    // citty tells a flag of two words by its camelCase name, too.
    const setting = accepted.find(({ flag, alias }) => [flag, alias, camelCase(flag)].includes(name));
    if (setting === undefined) {
      const dashes = name.length === 1 ? "-" : "--";
      throw usage(`unknown flag ${dashes}${name}; accepted are ${accepted.map(({ flag }) => `--${flag}`).join(", ")}`);
    }
    const values = setting.value === undefined ? [] : valuesOf(argv, setting.flag);
    if (setting.value !== undefined && (typeof value !== "string" || values.some((text) => /^(?:--|$)/.test(text)))) {
      throw usage(`--${name} needs a value: ${setting.value}`);
    }
    flags[setting.flag] = setting.repeatable === true ? values : value;
  }
  refuseOddities(argv, command, operands);
  return { command, operands, flags };
}

/** Every value of a flag; the library keeps the last alone. */
function valuesOf(argv: readonly string[], flag: string): string[] {
  const end = argv.indexOf("--");
  const words = end < 0 ? argv : argv.slice(0, end);
  return words.flatMap((word, index) => {
    if (word.startsWith(`--${flag}=`)) {
      return [word.slice(flag.length + 3)];
    }
    return word === `--${flag}` ? [words[index + 1] ?? ""] : [];
  });
}

function refuseOddities(argv: readonly string[], command: string | undefined, operands: readonly string[]): void {
  if (command !== undefined) {
    const known = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
    if (known === undefined) {
      throw usage(`unknown command ${quote(command)}; accepted are ${Object.keys(COMMANDS).join(", ")}`);
    }
    const { operands: form, least = 0, most = least } = known;
    if (operands.length < least || operands.length > most) {
      throw usage(`${command} takes ${form ?? "nothing after its name"}`);
    }
  }
  const odd = argv.find((argument) => /^--(?:http|debug|json|force|version|help)=|^--no-/.test(argument));
  if (odd !== undefined) {
    throw usage(odd.startsWith("--no-") ? `unknown flag ${odd}` : `${odd.split("=")[0]} takes no value`);
  }
}

function camelCase(flag: string): string {
  return flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** The configuration from flags and environment; flags win. Throws `StartRefusal`. */
export function resolveConfig(flags: Flags, env: Env, portableFolder: () => string | undefined): Config {
  const text = (flag: string, name: string): string | undefined => {
    const value = flags[flag];
    return typeof value === "string" ? value : variable(env, name);
  };
  const number = (flag: string, name: string, bounds: Bounds, noun = "number") =>
    numberWithin(text(flag, name) ?? `${bounds.usual}`, bounds, noun, `--${flag}, ${name}`);
  const several = (flag: string, name: string, form: RegExp) =>
    listOf(flags[flag] ?? variable(env, name)?.split(","), form, `--${flag}, ${name}`);
  const folder = variable(env, "MCP_TASK_BASE_DIR");
  const base = folder === undefined ? (portableFolder() ?? dataFolder(env)) : resolve(expandHome(folder));
  return {
    db: resolve(base, expandHome(text("db", "MCP_TASK_DB_PATH") ?? "tasks.db")),
    artifacts: resolve(base, expandHome(text("artifacts", "MCP_TASK_ARTIFACTS_DIR") ?? "artifacts")),
    http: flags["http"] === true,
    host: text("host", "MCP_TASK_HOST") ?? "127.0.0.1",
    port: portNumber(text("port", "MCP_TASK_PORT") ?? "8766"),
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
    secrets: secretsMode(text("secrets", "MCP_TASK_SECRETS") ?? "redact"),
    token: variable(env, "MCP_TASK_TOKEN"),
    drift: looksAtRepos(text("drift", "MCP_TASK_DRIFT") ?? "auto", flags["http"] === true),
    debug: typeof flags["debug"] === "boolean" ? flags["debug"] : Boolean(env["MCP_DEBUG"]),
  };
}

/** The folder of the running executable, or nothing when a runtime runs the source. */
export function executableFolder(): string | undefined {
  return /\$bunfs|~BUN/.test(Bun.main) ? dirname(process.execPath) : undefined;
}

/** A variable that says something: some hosts pass a placeholder such as `${user_config.x}` on where it has no value. */
function variable(env: Env, name: string): string | undefined {
  const value = env[name] ?? "";
  return value === "" || /^\$\{.*\}$/.test(value) ? undefined : value;
}

/** The refusal of a command line. */
export function usage(reason: string): StartRefusal {
  return new StartRefusal(EXIT.usage, `Cannot start mcp-task-server: ${reason}`);
}

function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(homeFolder(), path.slice(1)) : path;
}

/** Where a user's programs keep their data: XDG, and the conventions of macOS and Windows. */
function dataFolder(env: Env): string {
  const home = homeFolder();
  const ours = "mcp-task-server";
  if (process.platform === "darwin") {
    return join(home, "Library", "Application Support", ours);
  }
  if (process.platform === "win32") {
    return join(env["LOCALAPPDATA"] ?? join(home, "AppData", "Local"), ours);
  }
  const data = env["XDG_DATA_HOME"];
  return join(data !== undefined && isAbsolute(data) ? data : join(home, ".local", "share"), ours);
}

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65535)) {
    throw usage(`port ${quote(text)} is none; a whole number from 0 to 65535 is accepted (--port, MCP_TASK_PORT)`);
  }
  return port;
}

function numberWithin(text: string, bounds: Bounds, noun: string, names: string): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= bounds.least && number <= bounds.most)) {
    throw usage(`${quote(text)} is no ${noun}; a whole number, ${range(bounds)}, is accepted (${names})`);
  }
  return number;
}

function listOf(given: Flags[string], form: RegExp, names: string): string[] {
  const values = Array.isArray(given) ? given.map((value) => String(value).trim()) : [];
  const odd = values.find((value) => !form.test(value));
  if (odd !== undefined) {
    throw usage(
      `${quote(odd)} is none; a name such as tasks.example.com, or an origin with its scheme, is accepted (${names})`,
    );
  }
  return values;
}

function configuredAgent(name: string | undefined): string | undefined {
  const agent = asAgentName(name);
  if (name !== undefined && agent === undefined) {
    throw usage(`agent ${quote(name)} is no name; 1–64 printable characters are accepted (--agent, MCP_TASK_AGENT)`);
  }
  return agent;
}

function secretsMode(text: string): SecretsMode {
  const mode = SECRETS_MODES.find((known) => known === text);
  if (mode === undefined) {
    const accepted = `${SECRETS_MODES.join(", ")} are accepted (--secrets, MCP_TASK_SECRETS)`;
    throw usage(`secrets ${quote(text)} is no mode; ${accepted}`);
  }
  return mode;
}

/** Over HTTP callers name paths of the server's machine, which need not be theirs. */
function looksAtRepos(text: string, http: boolean): boolean {
  if (!["auto", "on", "off"].includes(text)) {
    throw usage(`drift ${quote(text)} is none; auto, on and off are accepted (--drift, MCP_TASK_DRIFT)`);
  }
  return text === "auto" ? !http : text === "on";
}

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  const octets = host.split(".").map((octet) => (/^\d{1,3}$/.test(octet) && Number(octet) < 256 ? Number(octet) : -1));
  const v4 = octets.length === 4 && octets[0] === 127 && !octets.includes(-1);
  return v4 || host === "::1" || host.toLowerCase() === "localhost";
}

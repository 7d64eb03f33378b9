import { RATE, STREAMS } from "./config.ts";
import { ROLES } from "./domain/access.ts";
import { LEASE_SECONDS, OFFER_SECONDS, range } from "./domain/bounds.ts";

/** One thing that can be set; the whole reference is generated from these rows. */
export interface Setting {
  flag?: string;
  alias?: string;
  env?: string;
  /** What the value is called in the help; a switch has none. */
  value?: string;
  fallback?: string;
  meaning: string;
  /** The commands it belongs to, where it is not for all. */
  commands?: readonly string[];
  /** May be given several times. */
  repeatable?: boolean;
}

/** THE table of settings: --help, the README and the parser are made from it. */
export const SETTINGS: readonly Setting[] = [
  { flag: "http", meaning: "Serve HTTP instead of stdio: /mcp, /sse with /message, /health" },
  {
    flag: "port",
    env: "MCP_TASK_PORT",
    value: "number",
    fallback: "8766",
    meaning: "Port of the HTTP server; 0 takes a free one",
  },
  {
    flag: "host",
    env: "MCP_TASK_HOST",
    value: "address",
    fallback: "127.0.0.1",
    meaning: "Address of the HTTP server; other than loopback only once there are tokens",
  },
  {
    flag: "allow-host",
    env: "MCP_TASK_ALLOW_HOSTS",
    value: "name",
    repeatable: true,
    meaning: "A further name by which the HTTP server is reached (Host); several times, or by commas in the variable",
  },
  {
    flag: "allow-origin",
    env: "MCP_TASK_ALLOW_ORIGINS",
    value: "origin",
    repeatable: true,
    meaning: "A web origin whose pages may use the HTTP server, such as https://app.example.com; as often",
  },
  {
    flag: "rate",
    env: "MCP_TASK_RATE",
    value: "number",
    fallback: `${RATE.usual}`,
    meaning: `Calls a second that each token may make, ${range(RATE)}; 0 for any number`,
  },
  {
    flag: "max-streams",
    env: "MCP_TASK_MAX_STREAMS",
    value: "number",
    fallback: `${STREAMS.usual}`,
    meaning: `Event streams at once, and sessions, over HTTP, ${range(STREAMS)}`,
  },
  { flag: "db", env: "MCP_TASK_DB_PATH", value: "path", fallback: "tasks.db", meaning: "SQLite database" },
  {
    flag: "artifacts",
    env: "MCP_TASK_ARTIFACTS_DIR",
    value: "folder",
    fallback: "artifacts",
    meaning: "Folder of the artifacts' bytes",
  },
  {
    env: "MCP_TASK_BASE_DIR",
    value: "folder",
    fallback: "the executable's folder if a tasks.db of ours lies there, else the user's data folder",
    meaning: "What relative paths are relative to",
  },
  {
    flag: "agent",
    env: "MCP_TASK_AGENT",
    value: "name",
    fallback: "the client's name",
    meaning: "Agent of calls that name none",
  },
  {
    flag: "lease-seconds",
    env: "MCP_TASK_LEASE_SECONDS",
    value: "seconds",
    fallback: `${LEASE_SECONDS.usual}`,
    meaning: `How long ownership is protected after each write of the owner, ${range(LEASE_SECONDS)}`,
  },
  {
    flag: "offer-seconds",
    env: "MCP_TASK_OFFER_SECONDS",
    value: "seconds",
    fallback: `${OFFER_SECONDS.usual}`,
    meaning: `How long an offer waits for its addressee before it is open to all, ${range(OFFER_SECONDS)}`,
  },
  {
    flag: "secrets",
    env: "MCP_TASK_SECRETS",
    value: "mode",
    fallback: "redact",
    meaning: "Secrets in what agents write: redact before it is stored, warn (store, and say so) or off",
  },
  {
    flag: "drift",
    env: "MCP_TASK_DRIFT",
    value: "auto|on|off",
    fallback: "auto",
    meaning:
      "Whether checkpoints capture their git repository and claims tell how it changed since; auto is over stdio only",
  },
  { flag: "debug", env: "MCP_DEBUG", meaning: "Debug lines on stderr; any value of the variable switches them on" },
  {
    flag: "force",
    commands: ["backup", "restore", "export"],
    meaning: "Replace what is there already",
  },
  {
    flag: "role",
    commands: ["token"],
    value: "role",
    fallback: "worker",
    meaning: `What the token permits: ${ROLES.join(", ")}`,
  },
  {
    env: "MCP_TASK_TOKEN",
    commands: ["healthcheck"],
    value: "token",
    meaning: "Token for the exchange with a running HTTP server that asks for one",
  },
  {
    flag: "before",
    value: "time",
    commands: ["prune"],
    meaning: "A date, such as 2026-01-31, or how long ago, such as 90d: what was finished before it goes",
  },
  { flag: "dry-run", commands: ["prune"], meaning: "Remove nothing, tell what would be removed" },
  { flag: "json", commands: ["healthcheck"], meaning: "Answer as JSON" },
  { flag: "version", alias: "v", meaning: "Print the version" },
  { flag: "help", alias: "h", meaning: "Print this help" },
];

/** Something else the executable does than serve. */
export interface Command {
  /** What stands after its name, as the help shows it, and how many words that are. */
  operands?: string;
  least?: number;
  most?: number;
  meaning: string;
}

/** What else the executable does than serve; each is a file in `commands/`. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  healthcheck: {
    meaning: "Check executable, database, artifacts, a stdio exchange and, if one runs, the HTTP server",
  },
  token: {
    operands: "create <agent> | list | revoke <agent or id>",
    least: 1,
    most: 2,
    meaning: "Tokens by which agents are known over HTTP; once there was one, every caller needs one",
  },
  backup: {
    operands: "<file>",
    least: 1,
    meaning: "Copy database and artifacts into one file, while servers run",
  },
  restore: {
    operands: "<file>",
    least: 1,
    meaning: "Put a backup in the place of the database, while no server runs",
  },
  verify: {
    operands: "[file]",
    most: 1,
    meaning: "Check every row and artifact, or a backup: exit code 0 when sound, else 1",
  },
  forget: {
    operands: "<task_id>",
    least: 1,
    meaning: "Remove a task and every trace of it from database, log and artifacts",
  },
  prune: {
    meaning: "Remove tasks that were finished before a time, and artifacts that no task has any more",
  },
  export: {
    operands: "<file>",
    least: 1,
    meaning: "Write all tasks with their artifacts as JSON Lines; - is stdout",
  },
  import: {
    operands: "<file>",
    least: 1,
    meaning: "Add the tasks of an export, all of them or none; - is stdin",
  },
};

/** The flags that a server knows and that are given at most once, and whether each takes a value. Runs at build time. */
export function plainFlags(): Record<string, boolean> {
  return Object.fromEntries(
    SETTINGS.flatMap(({ flag, value, commands, repeatable }) =>
      flag === undefined || commands !== undefined || repeatable === true ? [] : [[`--${flag}`, value !== undefined]],
    ),
  );
}

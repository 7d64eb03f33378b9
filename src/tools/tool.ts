import type { z } from "zod";
import { oneLine, quote, shorten } from "../domain/clean.ts";
import type { RepoReader, RepoState } from "../domain/drift.ts";
import { TaskError } from "../domain/errors.ts";
import { testRun } from "../domain/fields.ts";
import type { Grant } from "../domain/lease.ts";
import type { Artifacts } from "../store/artifacts.ts";
import type { Store } from "../store/store.ts";
import type { Caller } from "./caller.ts";
import type { Waiters } from "./waiters.ts";

/** What a tool may reach: no SDK, no process, no clock of its own. */
export interface ToolContext {
  store: Store;
  artifacts: Artifacts;
  caller: Caller;
  /** Reads a file of a task's repository; absent where the transport does not permit it. */
  readFile?: ((repo_path: string | undefined, path: string) => Promise<Uint8Array>) | undefined;
  /** The answer that this very call was given before; absent where it carries no idempotency key. See `keyed.ts`. */
  answered?: (<Answer>() => Promise<Answer | undefined>) | undefined;
  /** The bytes of a file as they may be stored; absent where nothing is scanned for secrets. */
  withoutSecrets?: ((bytes: Uint8Array) => Promise<Uint8Array>) | undefined;
  /** What the answer says of the secrets found so far, for who keeps it; absent where nothing is scanned for them. */
  secretsFound?: (() => { redacted?: number; secrets_found?: number }) | undefined;
  /** Looks at tasks' repositories; absent where that is not permitted. */
  repo?: RepoReader | undefined;
  /** The task's repository as it stood when this call came, where the call reports progress. */
  repo_state?: RepoState | undefined;
  /** A short id that sorts by its time; different at each call. */
  id(): string;
  /** Calls that wait; see `wait-for.ts`. */
  waiters: Waiters;
  /** Answers a signal aborted when the client cancels the call, which is not answered any more; made for who asks for it. */
  signal(): AbortSignal;
  /** Answers a signal aborted when the client has hung up, but may come back for the answer; absent where it cannot. */
  leaving?: (() => AbortSignal) | undefined;
  /** Tells the transport that the answer will be long in coming. */
  linger(): void;
  /** Tells the client how far the call is, `done` growing; absent where it has not asked for it. */
  progress?: ((done: number, total: number, message: string) => Promise<void>) | undefined;
  /** What a call may grant; a lease lasts `lease_seconds`, or as long as is configured. */
  grant(lease_seconds?: number): Grant;
}

/** A tool as it is written: data and one function from checked arguments to a value. */
export interface ToolDefinition<Input extends z.ZodObject, Output extends z.ZodObject> {
  name: string;
  title: string;
  /** Says when to use the tool; at most 300 characters. */
  description: string;
  effect: "read" | "write";
  /** Arguments by any of which a call makes a checkpoint, for which the task's repository is looked at first. */
  reports?: readonly string[];
  input: Input;
  output: Output;
  run(context: ToolContext, input: z.infer<Input>): Promise<z.infer<Output>>;
}

/** A tool as the table holds it. */
export interface Tool extends Omit<ToolDefinition<z.ZodObject, z.ZodObject>, "run"> {
  /** Checks the arguments and runs the tool. Throws `TaskError`; anything else is a bug. */
  call(context: ToolContext, args: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>;
}

/** A definition as a tool. */
export function defineTool<const Input extends z.ZodObject, const Output extends z.ZodObject>(
  definition: ToolDefinition<Input, Output>,
): Tool {
  const { run, ...tool } = definition;
  return { ...tool, call: async (context, args) => run(context, checked(definition, args)) };
}

/** A refusal names so many mistakes and unknown arguments, each in so many characters. */
const DETAILS = 20;
const NAMES = 5;
const DETAIL_CHARACTERS = 300;

/** Words that quote names which a caller made up. */
function inWords(text: string): string {
  return shorten(oneLine(text), DETAIL_CHARACTERS);
}

function checked<Input extends z.ZodObject>(
  tool: { name: string; input: Input },
  args: Readonly<Record<string, unknown>>,
) {
  const parsed = tool.input.safeParse(args, { error: ({ code, input }) => missing(code, input) });
  if (parsed.success) {
    return parsed.data;
  }
  const [issue] = parsed.error.issues;
  if (issue === undefined) {
    throw parsed.error;
  }
  const details = parsed.error.issues.slice(0, DETAILS).map(({ path, message, ...rest }) => ({
    argument: inWords([...path, ...("keys" in rest ? [rest.keys.join(", ")] : [])].join(".")),
    message: inWords(message),
  }));
  const code =
    issue.code === "too_big" && issue.origin !== "number" && issue.origin !== "int" ? "too_large" : "invalid";
  throw new TaskError(code, `Cannot call tool ${quote(tool.name)}: ${reasonOf(issue, tool.input)}`, {
    arguments: details,
  });
}

/** zod says of what is missing that it is undefined, which no caller wrote. */
function missing(code: string | undefined, input: unknown): string | undefined {
  return code === "invalid_type" && input === undefined ? "it is required" : undefined;
}

/** What is wrong with one argument, and what would be accepted. */
function reasonOf(issue: z.core.$ZodIssue, input: z.ZodObject): string {
  const accepted = Object.keys(input.shape).join(", ");
  if (issue.code === "unrecognized_keys") {
    const place = issue.path.length === 0 ? "" : ` in ${issue.path.join(".")}`;
    const keys = issue.keys.slice(0, NAMES).map(quote).join(", ");
    return `unknown argument ${keys}${place}; accepted are ${issue.path.length === 0 ? accepted : Object.keys(testRun.shape).join(", ")}`;
  }
  const [name] = issue.path;
  const described = typeof name === "string" ? input.shape[name]?.description : undefined;
  const where = issue.path.length === 0 ? "arguments" : `argument ${quote(issue.path.join("."))}`;
  return `${where}: ${issue.message}${described === undefined ? "" : ` (${described})`}`;
}

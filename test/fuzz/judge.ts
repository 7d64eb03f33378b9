import type { ErrorCode } from "../../src/domain/errors.ts";

type Members = Readonly<Record<string, unknown>>;

/** What one message deserves, by JSON-RPC and MCP alone. */
export interface Expectation {
  kind: "none" | "answer" | "batch" | "refusal";
  /** Of a refusal, null where the message had no id that can be told. */
  id: string | number | null;
  /** Whether it may stay unanswered: it is cancelled, or goes on for ever. */
  optional: boolean;
  /** What a request asks for. */
  method?: string | undefined;
  params?: Members | undefined;
}

/** Deeper nesting is refused whatever the message says. */
const DEPTH = 64;

/** Errors that the protocol specifies and a client can cause; -32603, the server's own fault, is none of them. */
const CODES: ReadonlySet<unknown> = new Set([
  ...[-32700, -32600, -32601, -32602],
  ...[-32002, -32001, -32000, -32020, -32021, -32022],
]);

/** The refusals of tools; `internal` is none that a client can cause. */
const TASK_CODES: ReadonlySet<unknown> = new Set<ErrorCode>([
  ...(["invalid", "not_found", "conflict", "version_mismatch", "not_owner", "lease_lost"] as const),
  ...(["illegal_transition", "too_large", "storage_full", "busy", "forbidden"] as const),
]);

/** What no answer and no log line may ever hold: the marks of a mistake of ours, or of its stack. */
export const TRACES =
  /-32603|\\?"code\\?":\\?"internal|\\n\s+at |\n\s+at |\$bunfs|node_modules|(?:Type|Range|Reference|Syntax|SQLite|Zod)Error|SQLITE_|is not (?:a function|an object)/;

/** What is to be expected after `bytes`. */
export function expectationOf(bytes: Uint8Array): Expectation {
  const value = jsonIn(bytes);
  if (value === undefined || depthOf(value.json) > DEPTH) {
    return { kind: "refusal", id: null, optional: false };
  }
  return Array.isArray(value.json) ? { kind: "batch", id: null, optional: false } : ofMessage(value.json);
}

/** What is to be expected after one value. */
export function ofMessage(value: unknown): Expectation {
  const refusal = (id: Expectation["id"]): Expectation => ({ kind: "refusal", id, optional: false });
  if (!isMembers(value)) {
    return refusal(null);
  }
  const { jsonrpc, id, method, params } = value;
  const known = isId(id) ? id : null;
  if (method === undefined && ("result" in value || "error" in value)) {
    return jsonrpc === "2.0" && known !== null ? { kind: "none", id: known, optional: true } : refusal(known);
  }
  if (jsonrpc !== "2.0" || typeof method !== "string" || !(params === undefined || isMembers(params))) {
    return refusal(known);
  }
  if (!("id" in value)) {
    return { kind: "none", id: null, optional: true, method, params };
  }
  const optional = method === "subscriptions/listen";
  return known === null ? refusal(null) : { kind: "answer", id: known, optional, method, params };
}

/** What is wrong with an answer, whatever was asked. */
export function faultOf(answer: unknown): string | undefined {
  const text = JSON.stringify(answer);
  if (!isMembers(answer) || answer["jsonrpc"] !== "2.0") {
    return `no JSON-RPC message: ${text.slice(0, 300)}`;
  }
  if (TRACES.test(text)) {
    return `shows an inner mistake: ${text.slice(0, 600)}`;
  }
  const { id, result, error } = answer;
  if (!(isId(id) || (id === null && error !== undefined)) || (result === undefined) === (error === undefined)) {
    return `no answer: ${text.slice(0, 300)}`;
  }
  return result === undefined ? faultOfError({ ...Object(error) }) : faultOfResult(result);
}

function faultOfError({ code, message }: Members): string | undefined {
  return CODES.has(code) ? faultOfWords(message) : `not a specified error: ${code} ${message}`.slice(0, 300);
}

function faultOfResult(result: unknown): string | undefined {
  if (!isMembers(result)) {
    return `no result: ${JSON.stringify(result).slice(0, 300)}`;
  }
  if (result["isError"] !== true) {
    return undefined;
  }
  const [content] = Object(result["content"]);
  const { code, message, details } = JSON.parse(Object(content).text);
  const named = Object(details).arguments;
  const words = [message, ...(Array.isArray(named) ? named.map((one) => Object(one).message) : [])];
  return TASK_CODES.has(code) ? words.map(faultOfWords).find((fault) => fault !== undefined) : `unknown code ${code}`;
}

/** What the server says in its own words holds nothing of a client's that is more than text, nor much of it. */
function faultOfWords(message: unknown): string | undefined {
  return typeof message === "string" &&
    message.length < 2000 &&
    !/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u.test(message)
    ? undefined
    : `not the server's own words: ${JSON.stringify(message).slice(0, 400)}`;
}

/** Whether a message from the server is no answer to a request but tells of something. */
export function isNotice(message: unknown): boolean {
  return isMembers(message) && typeof message["method"] === "string" && !("id" in message);
}

/** What the answers to a group of messages lack or have too much of, and which messages are still unanswered. */
export function compare(expected: readonly Expectation[], answers: readonly unknown[]) {
  const faults = answers.map(faultOf).filter((fault) => fault !== undefined);
  const open = [...expected];
  for (const answer of answers) {
    const { id } = { ...Object(answer) };
    // What has to be answered comes first; a malformed notification or response may be answered as one.
    const found = [
      open.findIndex((one) => !one.optional && one.id === id),
      open.findIndex((one) => one.kind !== "none" && one.id === id),
      open.findIndex((one) => one.kind === "none" && (one.id === id || id === null)),
    ].find((index) => index >= 0);
    if (found === undefined) {
      faults.push(`nobody asked for ${id}: ${JSON.stringify(answer).slice(0, 300)}`);
    } else {
      open.splice(found, 1);
    }
  }
  const missing = open.filter(({ optional }) => !optional);
  return { faults: [...faults, ...missing.map((one) => `no answer to ${JSON.stringify(one).slice(0, 300)}`)], open };
}

/** The JSON in some bytes, if they are UTF-8 and JSON. */
export function jsonIn(bytes: Uint8Array): { json: unknown } | undefined {
  try {
    return { json: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) };
  } catch {
    return undefined;
  }
}

/** How deep a JSON value is nested. Not by recursion, which the deepest would end. */
function depthOf(value: unknown): number {
  const containers = (values: unknown[]) => values.filter((part) => typeof part === "object" && part !== null);
  let depth = 0;
  for (let level = containers([value]); level.length > 0; depth++) {
    level = containers(level.flatMap((part) => Object.values(Object(part))));
  }
  return depth;
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isId(id: unknown): id is string | number {
  return typeof id === "string" || Number.isSafeInteger(id);
}

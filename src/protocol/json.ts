import { oneLine, quote } from "../domain/clean.ts";
import { errorReply, RPC, type RpcErrorReply } from "./jsonrpc.ts";

/** What a message may hold: nesting far beyond what any has, and values for a batch of 100 of the largest. */
const DEPTH = 64;
const VALUES = 250_000;

/** What the parser's own reason may take of an answer, in characters: it quotes what it stumbled over. */
const REASON = 100;

const NONE: ReadonlyMap<string, string> = new Map();

/**
 * A message's text as a JSON value, or the answer to what is none. It is measured before anything is built of it: the
 * parser takes any depth, at 80 bytes a bracket, but what is built cannot be walked. A member `__proto__` is dropped.
 * A string that is a mark in `taken` is what it stands for.
 */
export function parseJson(
  text: string,
  taken: ReadonlyMap<string, string> = NONE,
): { value: unknown } | { reply: RpcErrorReply } {
  const fault = excess(text);
  if (fault !== undefined) {
    return { reply: errorReply(null, RPC.invalidRequest, `Invalid Request: ${fault}`) };
  }
  try {
    // An escape may spell the underscore.
    const suspicious = text.includes("__proto__") || text.includes("\\u005");
    return { value: suspicious || taken.size > 0 ? JSON.parse(text, reviver(taken)) : JSON.parse(text) };
  } catch (error) {
    return { reply: parseError(error instanceof SyntaxError ? oneLine(error.message).slice(0, REASON) : "no JSON") };
  }
}

/** The answer to a text that is no JSON. */
export function parseError(reason: string): RpcErrorReply {
  return errorReply(null, RPC.parseError, `Parse error: ${reason}`);
}

function reviver(taken: ReadonlyMap<string, string>) {
  return (name: string, value: unknown): unknown => {
    if (name === "__proto__") {
      return undefined;
    }
    return typeof value === "string" ? (taken.get(value) ?? value) : value;
  };
}

const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;
const COLON = 58;

/** How `text` goes beyond what a message may hold, if it does. */
function excess(text: string): string | undefined {
  // Most messages are too short for so many values, and open too little to be deep, wherever the brackets stand.
  if (text.length < VALUES && count(text, "{") + count(text, "[") <= DEPTH) {
    return undefined;
  }
  let depth = 0;
  let values = 1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
    } else if (code === COMMA) {
      values++;
    } else if (opens(code)) {
      depth++;
      values++;
    } else if (closes(code)) {
      depth--;
    }
    if (depth > DEPTH) {
      return `it is nested deeper than ${DEPTH} levels`;
    }
  }
  return values > VALUES ? `it has more than ${VALUES} values` : undefined;
}

/** How often a character stands in a text. */
function count(text: string, character: string): number {
  let times = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) {
    times++;
  }
  return times;
}

/** Whether a character begins an array or an object. */
function opens(code: number): boolean {
  return code === 91 || code === 123;
}

function closes(code: number): boolean {
  return code === 93 || code === 125;
}

/** The place of the quote that ends the string begun at `start`; the last place where none does. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text.charCodeAt(before) === BACKSLASH) {
      before--;
    }
    if ((end - before) % 2 === 1) {
      return end;
    }
  }
  return text.length;
}

/**
 * Says of which name one object of a JSON text, parsed to `value`, has two members, if any has. Our parser takes the last
 * one, a proxy that decides by the body may have taken the first.
 */
export function repeatedMember({ text, value }: { text: string; value: unknown }): string | undefined {
  // Each member that was written has a colon: with no more of them than there are members, none got lost.
  return count(text, ":") === members(value) ? undefined : findRepeated(text);
}

/** How many members all objects of a value have. */
function members(value: unknown): number {
  if (typeof value !== "object" || value === null) {
    return 0;
  }
  const inner = Object.values(value);
  let sum = Array.isArray(value) ? 0 : inner.length;
  for (const part of inner) {
    sum += members(part);
  }
  return sum;
}

function findRepeated(text: string): string | undefined {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      if (text.charCodeAt(afterSpace(text, end + 1)) === COLON) {
        const name = nameOf(text.slice(at, end + 1));
        const names = open.at(-1);
        if (names?.has(name) === true) {
          return `member ${quote(name)} stands twice in one object`;
        }
        names?.add(name);
      }
      at = end;
    } else if (opens(code)) {
      open.push(new Set());
    } else if (closes(code)) {
      open.pop();
    }
  }
  return undefined;
}

/** The name that a string's text spells. */
function nameOf(spelt: string): string {
  return spelt.includes("\\") ? `${JSON.parse(spelt)}` : spelt.slice(1, -1);
}

function afterSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) {
    at++;
  }
  return at;
}

function isSpace(code: number): boolean {
  return code === 32 || code === 10 || code === 9 || code === 13;
}

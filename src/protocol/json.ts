import { oneLine, quote } from "../domain/clean.ts";
import { errorReply, RPC, type RpcErrorReply } from "./jsonrpc.ts";

/** What a message may hold: nesting far beyond what any has, and values for a batch of 100 of the largest. */
const DEPTH = 64;
const VALUES = 250_000;

/** What the parser's own reason may take of an answer, in characters: it quotes what it stumbled over. */
const REASON = 100;

/**
 * A message's text as a JSON value, or the answer to what is none. It is measured before anything is built of it: the
 * parser takes any depth, at 80 bytes a bracket, but what is built cannot be walked. A member `__proto__` is dropped.
 */
export function parseJson(text: string): { value: unknown } | { reply: RpcErrorReply } {
  const fault = excess(text);
  if (fault !== undefined) {
    return { reply: errorReply(null, RPC.invalidRequest, `Invalid Request: ${fault}`) };
  }
  try {
    // An escape may spell the underscore.
    const suspicious = text.includes("__proto__") || text.includes("\\u005");
    return { value: suspicious ? JSON.parse(text, withoutPrototype) : JSON.parse(text) };
  } catch (error) {
    return { reply: parseError(error instanceof SyntaxError ? oneLine(error.message).slice(0, REASON) : "no JSON") };
  }
}

/** The answer to a text that is no JSON. */
export function parseError(reason: string): RpcErrorReply {
  return errorReply(null, RPC.parseError, `Parse error: ${reason}`);
}

function withoutPrototype(name: string, value: unknown): unknown {
  return name === "__proto__" ? undefined : value;
}

/** How `text` goes beyond what a message may hold, if it does. */
function excess(text: string): string | undefined {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '"':
        at = endOfString(text, at);
        break;
      case "[":
      case "{":
        depth++;
        values++;
        break;
      case "]":
      case "}":
        depth--;
        break;
      case ",":
        values++;
        break;
    }
    if (depth > DEPTH) {
      return `it is nested deeper than ${DEPTH} levels`;
    }
  }
  return values > VALUES ? `it has more than ${VALUES} values` : undefined;
}

/** The place of the quote that ends the string begun at `start`; the last place where none does. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text[before] === "\\") {
      before--;
    }
    if ((end - before) % 2 === 1) {
      return end;
    }
  }
  return text.length;
}

/**
 * Says of which name one object of a JSON text has two members, if any has. Our parser takes the last one, a proxy that
 * decides by the body may have taken the first.
 */
export function repeatedMember(text: string): string | undefined {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '"': {
        const end = endOfString(text, at);
        if (text[afterSpace(text, end + 1)] === ":") {
          const name = `${JSON.parse(text.slice(at, end + 1))}`;
          const names = open.at(-1);
          if (names?.has(name) === true) {
            return `member ${quote(name)} stands twice in one object`;
          }
          names?.add(name);
        }
        at = end;
        break;
      }
      case "[":
      case "{":
        open.push(new Set());
        break;
      case "]":
      case "}":
        open.pop();
        break;
    }
  }
  return undefined;
}

function afterSpace(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\n" || text[at] === "\t" || text[at] === "\r") {
    at++;
  }
  return at;
}

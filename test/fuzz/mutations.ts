import * as fc from "fast-check";
import { nasty, text } from "./nasty.ts";

interface Mutation {
  place: number;
  how: "replace" | "delete" | "wrap" | "add" | "rename";
  name: string;
  value: unknown;
}

/** Some mutations. */
export const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.record({
    place: fc.nat(1000),
    how: fc.constantFrom("replace", "replace", "delete", "wrap", "add", "rename"),
    name: fc.oneof(fc.constantFrom("__proto__", "constructor", "id", "params", "_meta", "jsonrpc", "Method"), text),
    value: nasty,
  }),
  { minLength: 1, maxLength: 3 },
);

/** `value` with one of the values in it changed; they are numbered in the order they stand. */
export function mutate(value: unknown, { place, how, name, value: other }: Mutation): unknown {
  const target = place % count(value);
  let seen = 0;
  const walk = (part: unknown): unknown => {
    const here = seen++ === target;
    if (here && how === "replace") {
      return other;
    }
    if (here && how === "wrap") {
      return [part];
    }
    if (Array.isArray(part)) {
      return here && how === "add" ? [...part, other] : part.map(walk);
    }
    if (typeof part !== "object" || part === null) {
      return part;
    }
    const pairs = Object.entries(part);
    if (here && pairs.length > 0 && (how === "delete" || how === "rename")) {
      const chosen = place % pairs.length;
      return Object.fromEntries(
        pairs.flatMap(([key, inner], index) =>
          index !== chosen ? [[key, inner]] : how === "delete" ? [] : [[name, inner]],
        ),
      );
    }
    return Object.fromEntries([...pairs.map(([key, inner]) => [key, walk(inner)]), ...(here ? [[name, other]] : [])]);
  };
  return walk(value);
}

function count(value: unknown): number {
  const inner = typeof value === "object" && value !== null ? Object.values(value) : [];
  return 1 + inner.reduce((sum: number, part) => sum + count(part), 0);
}

interface Change {
  at: number;
  how: "insert" | "cut" | "drop";
  piece: string;
}

/** Pieces of JSON that the printer would never put out. */
const PIECES = [
  '"id":5,',
  '"method":"ping",',
  '"__proto__":{"limit":-1},',
  '"\\u005f_proto__":1,',
  "\\ud800",
  "\\u0000",
  "\u0000",
  "\t",
  "9223372036854775808",
  "1e400",
  "-0",
  "NaN",
  "//",
  "[",
  "]]",
  "}{",
  '"',
  ",",
  "\ufeff",
  "\u2028",
];

/** A change of the text of a message. */
export const textChange: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(2000),
  how: fc.constantFrom("insert", "insert", "cut", "drop"),
  piece: fc.constantFrom(...PIECES),
});

/** `json` changed; no newline is inserted. */
export function changeText(json: string, { at, how, piece }: Change): string {
  const place = how === "insert" && piece.endsWith(",") ? 1 : at % (json.length + 1);
  const after = how === "cut" ? "" : json.slice(how === "drop" ? place + 1 : place);
  return `${json.slice(0, place)}${how === "insert" ? piece : ""}${after}`;
}

/** A change of one byte. */
export const byteChange = fc.record({
  at: fc.nat(2000),
  byte: fc.constantFrom(0x00, 0x80, 0xc0, 0xed, 0xf5, 0xff, 0x0d, 0x22),
});

/** `json` with one byte changed. */
export function changeBytes(json: Uint8Array, { at, byte }: { at: number; byte: number }): Buffer {
  const changed = Buffer.from(json);
  changed[at % Math.max(json.length, 1)] = byte;
  return changed;
}

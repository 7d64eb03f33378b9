import { describe, expect, test } from "bun:test";
import { HeldText } from "../../src/protocol/held-text.ts";
import { parseJson } from "../../src/protocol/json.ts";
import { textOf } from "../../src/transport/large-text.ts";
import { createLineSplitter } from "../../src/transport/lines.ts";
import { printed } from "../../src/transport/printed.ts";

const MIB = 2 ** 20;
const encode = (text: string) => Buffer.from(text);
const repeated = (unit: string, bytes = 2 * MIB) => unit.repeat(Math.ceil(bytes / Buffer.byteLength(unit)));

/** What JSON can spell within a string, as it is spelt. */
const SPELT: Readonly<Record<string, string>> = {
  ascii: "all work and no play",
  "short escapes": String.raw`\"\\\/\b\f\n\r\t`,
  "backslashes before quotes": String.raw`\\\"\\\\`,
  "of two and three bytes": "aü€",
  "of surrogate pairs": "x😀",
  "escaped characters": String.raw`\u0041\u00E9\u20ac\ud83D\uDE00\u0000\u001f\uffff`,
  "lone surrogates, escaped": String.raw`\ud83d \ude00\ud83d\ud83d\ude00`,
  "what would be a byte order mark": "\ufeff",
  "names that mean something": "__proto__",
};

/** Strings that JSON does not have. */
const UNHEARD: Readonly<Record<string, string>> = {
  "a control character": "a\u0001",
  "an unknown escape": String.raw`a\x41`,
  "an escape that is cut off": String.raw`\u00g0`,
  "a control character in an escape": "\\u00\u00110",
};

function parsed(text: string) {
  const read = textOf(encode(text));
  return read && parseJson(read.text, read.taken);
}

describe("a large message", () => {
  test.each(Object.entries(SPELT))("is parsed as JSON.parse does: %s", (_, unit) => {
    const long = `"${repeated(unit)}"`;
    const text = `{"id":1, "a":[${long},"short",${long} ], ${long} : "of a long name", "last":${long}}`;
    expect(Bun.deepEquals(parsed(text), { value: JSON.parse(text) }, true)).toBe(true);
  });

  test.each(Object.entries(UNHEARD))("is refused for %s, short or long", (_, unit) => {
    for (const bytes of [1, 2 * MIB]) {
      const text = `{"a":"${repeated(unit, bytes)}"}`;
      expect(parsed(text)).toMatchObject({ reply: { error: { code: -32700 } } });
    }
  });

  test("that holds what stands for a long string in another is none", () => {
    const long = repeated("x");
    const marks = [...(textOf(encode(`["${long}"]`))?.taken.keys() ?? [])];
    expect(marks).toHaveLength(1);
    expect(parsed(`["${marks[0]}","${long}"]`)).toEqual({ value: [marks[0], long] });
  });

  test("is no message where a byte of it is not UTF-8, wherever", () => {
    for (const place of [5, MIB, 2 * MIB + 12]) {
      const bytes = encode(`{"a":"${repeated("€")}","b":"c"}`);
      bytes[place] = 0xff;
      expect(textOf(bytes)).toBeUndefined();
    }
    expect(parsed(`["${repeated("€")}"]`)).toHaveProperty("value");
  });
});

describe("lines", () => {
  const sizes = [0, 1, 10, 70_000, 300_000, 2 * MIB, MIB, 5];
  const lines = sizes.map((size, n) => Buffer.alloc(size, 97 + n));
  const bytes = Buffer.concat(lines.flatMap((line) => [line, Buffer.from("\n")]));

  test.each([1000, 65_536, 219_264, 3 * MIB, bytes.length])("come whole out of chunks of %d bytes", (size) => {
    const found: string[] = [];
    const splitter = createLineSplitter(2 * MIB, {
      line: (line) => found.push(Bun.SHA256.hash(line, "hex")),
      tooLong: () => found.push("too long"),
    });
    for (let from = 0; from < bytes.length; from += size) {
      splitter.push(new Uint8Array(bytes.subarray(from, from + size)));
    }
    expect(found).toEqual(lines.map((line) => Bun.SHA256.hash(line, "hex")));
    expect(splitter.end()).toBe(0);
  });

  test("of more than the bound are skipped, those after them are not", () => {
    const found: (number | string)[] = [];
    const splitter = createLineSplitter(MIB, {
      line: ({ length }) => found.push(length),
      tooLong: () => found.push("too long"),
    });
    for (const length of [MIB, MIB + 1, 3, 4 * MIB, 4]) {
      for (let left = length; left > 0; left -= 65_536) {
        splitter.push(Buffer.alloc(Math.min(left, 65_536), 97));
      }
      splitter.push(Buffer.from("\n"));
    }
    expect(found).toEqual([MIB, "too long", 3, "too long", 4]);
  });
});

describe("a held text", () => {
  const texts = [
    "",
    "plain",
    repeated("aü€😀"),
    repeated('"\\/\b\f\n\r\t\u0000\u001f\u007f\u2028'),
    `\ufeff${repeated("漢字\n")}`,
  ];

  test.each(["utf8", "base64"] as const)("is printed as the whole string would be: %s", (encoding) => {
    for (const text of texts) {
      const message = (hold: () => unknown) => [{ id: 1, result: { uri: "u", held: hold(), more: [hold()] } }, "}"];
      const whole = JSON.stringify(message(() => Buffer.from(text).toString(encoding)));
      const held = () => new HeldText(Buffer.from(text), encoding);
      expect(JSON.stringify(message(held)) === whole).toBe(true);
      const inPieces = printed(message(held));
      if (typeof inPieces === "string") {
        throw new Error("it was printed whole");
      }
      const pieces = [...inPieces.pieces()];
      expect(pieces.every(({ length }) => length <= 65_536)).toBe(true);
      expect(Buffer.concat(pieces).equals(Buffer.from(whole))).toBe(true);
    }
  });

  test("leaves what holds none as it is", () => {
    expect(printed({ a: ["b"] })).toBe('{"a":["b"]}');
  });
});

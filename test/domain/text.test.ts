import { describe, expect, test } from "bun:test";
import { endWithin, startWithin, wholeCharacters } from "../../src/domain/text.ts";

const SAMPLES = ["", "plain", 'quo"te\\', "\u0001\u0002\n\t", "ü€", "😀😀😀", 'a😀\u0007"€b', "\u2028\ufeff"];
const inJson = (text: string) => JSON.stringify(text).length - 2;

describe("startWithin", () => {
  test("is the longest start of whole characters that fits, at every bound", () => {
    for (const text of SAMPLES) {
      for (let bound = 0; bound <= inJson(text) + 1; bound++) {
        const characters = [...text];
        const starts = [...characters.keys(), characters.length].map((count) => characters.slice(0, count).join(""));
        const longest = starts.findLast((start) => inJson(start) <= bound);
        expect({ text, bound, start: startWithin(text, bound) }).toEqual({ text, bound, start: longest ?? "" });
      }
    }
  });
});

describe("endWithin", () => {
  test("ends where the start of the text does", () => {
    for (const text of [
      "",
      "plain text",
      "aü€😀z😀",
      '"\\"\\',
      Array.from({ length: 40 }, (_, n) => String.fromCharCode(n)).join(""),
    ]) {
      const bytes = Buffer.from(text);
      for (let bound = 0; bound <= JSON.stringify(text).length; bound++) {
        const start = bytes.subarray(0, endWithin(bytes, bound)).toString();
        expect({ text, bound, start }).toEqual({ text, bound, start: startWithin(text, bound) });
      }
    }
  });
});

describe("wholeCharacters", () => {
  test("takes every byte of a text into exactly one part, and no character into two, at every limit", () => {
    for (const text of SAMPLES) {
      const bytes = Buffer.from(text);
      for (let limit = 1; limit <= bytes.length + 1; limit++) {
        const parts: string[] = [];
        for (let at = 0; at < bytes.length; ) {
          const [start, end] = wholeCharacters(bytes, at, limit);
          expect(start).toBe(at);
          expect(end).toBeGreaterThan(at);
          const part = bytes.subarray(start, end).toString();
          expect(Buffer.byteLength(part) <= limit || [...part].length === 1).toBe(true);
          parts.push(part);
          at = end;
        }
        expect(parts.join("")).toBe(text);
      }
    }
  });

  test("begins with the character that holds the first byte", () => {
    const bytes = Buffer.from("a😀b");
    const starts = [0, 1, 2, 3, 4, 5, 6].map((first) => wholeCharacters(bytes, first, 9)[0]);
    expect(starts).toEqual([0, 1, 1, 1, 1, 5, 6]);
  });
});

import { describe, expect, test } from "bun:test";
import { oneLine, plainLines, quote, shorten } from "../../src/domain/clean.ts";

const code = (...points: number[]) => String.fromCodePoint(...points);

describe("oneLine", () => {
  test("keeps text as it is, in any script", () => {
    const text = 'Grüße, 日本語, emoji 🙂 "quoted" `code` <tag>';
    expect(oneLine(text)).toBe(text);
  });

  test.each([
    ["ANSI colours", `${code(0x1b)}[31mred${code(0x1b)}[0m`, "red"],
    ["an ANSI link ended by BEL", `${code(0x1b)}]8;;http://evil${code(7)}text${code(0x1b)}]8;;${code(7)}`, "text"],
    ["an ANSI title ended by ST", `${code(0x1b)}]0;title${code(0x1b, 0x5c)}text`, "text"],
    [
      "an 8-bit colour, and a title between 8-bit OSC and ST",
      `${code(0x9b)}31mred${code(0x9d)}0;title${code(0x9c)}`,
      "red",
    ],
    [
      "a device control string and an application command",
      `a${code(0x1b)}P$q"p${code(0x1b)}\\b${code(0x1b)}_G;${code(7)}c`,
      "abc",
    ],
    ["a choice of character set and a reset", `a${code(0x1b)}(0b${code(0x1b)}cc`, "abc"],
    ["of a string that does not end, its introducer alone", `a${code(0x1b)}]8;;http://evil\nb`, "a8;;http://evil b"],
    ["sequences hidden in each other", `a${code(0x1b, 0x1b)}[0m[31mb`, "a[31mb"],
    ["a bare escape", `a${code(0x1b)}b`, "ab"],
    ["bidirectional overrides", `a${code(0x202e)}b${code(0x2066)}c`, "abc"],
    ["zero-width characters", `a${code(0x200b)}b${code(0xfeff)}c`, "abc"],
    ["tag characters", `a${code(0xe0041, 0xe007f)}b`, "ab"],
    ["variation selectors and fillers", `a${code(0xe0101, 0xfe01, 0x3164, 0x034f)}b`, "ab"],
    [
      "joiners, and presentation selectors beyond one",
      `a${code(0x200d)}b${code(0xfe0f, 0xfe0e, 0x200d, 0xfe0f)}`,
      `ab${code(0xfe0f)}`,
    ],
    ["control characters", `a${code(0, 8, 0x7f, 0x9b)}b`, "ab"],
    ["line breaks, as one space", "a\r\n\tb", "a b"],
    ["line separators", `a${code(0x2028, 0x2029)}b`, "ab"],
  ])("removes %s", (_, text, expected) => {
    expect(oneLine(text)).toBe(expected);
  });
});

describe("plainLines", () => {
  test("keeps lines and tabs, and removes what oneLine removes", () => {
    expect(plainLines(`a\r\nb\rc\td${code(0x1b)}[31m${code(0x202e)}\n`)).toBe("a\nb\nc\td\n");
  });
});

describe("shorten", () => {
  test("cuts to the length, and never through a character", () => {
    expect(shorten("abc", 3)).toBe("abc");
    expect(shorten("abcd", 3)).toBe("ab…");
    expect(shorten(`a${code(0x1f642)}b`, 3)).toBe("a…");
    expect(shorten("abc", 0)).toBe("");
  });
});

describe("quote", () => {
  test("shortens what is long", () => {
    expect(quote("x".repeat(80))).toBe(`"${"x".repeat(80)}"`);
    expect(quote("x".repeat(81))).toBe(`"${"x".repeat(79)}…"`);
  });
});

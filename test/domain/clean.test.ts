import { describe, expect, test } from "bun:test";
import { oneLine, quote } from "../../src/domain/clean.ts";

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
    ["a bare escape", `a${code(0x1b)}b`, "ab"],
    ["bidirectional overrides", `a${code(0x202e)}b${code(0x2066)}c`, "abc"],
    ["zero-width characters", `a${code(0x200b)}b${code(0xfeff)}c`, "abc"],
    ["tag characters", `a${code(0xe0041, 0xe007f)}b`, "ab"],
    ["control characters", `a${code(0, 8, 0x7f, 0x9b)}b`, "ab"],
    ["line breaks, as one space", "a\r\n\tb", "a b"],
    ["line separators", `a${code(0x2028, 0x2029)}b`, "ab"],
  ])("removes %s", (_, text, expected) => {
    expect(oneLine(text)).toBe(expected);
  });
});

describe("quote", () => {
  test("shortens what is long", () => {
    expect(quote("x".repeat(80))).toBe(`"${"x".repeat(80)}"`);
    expect(quote("x".repeat(81))).toBe(`"${"x".repeat(79)}…"`);
  });
});

import { describe, expect, test } from "bun:test";
import { holds, searchable, termsOf } from "../../src/domain/words.ts";

/** Whether a text is found by a query that has words in it. */
function finds(query: string, text: string): boolean {
  const terms = termsOf(query);
  expect(terms).not.toEqual([]);
  return holds(searchable(text), terms);
}

describe("words", () => {
  test.each([
    ["login", "Fix the Login, at last"],
    ["last fix", "Fix the login, at last"],
    ["auth/login.py", "the bug is in src/auth/login.py:12"],
    ["login.py", "the bug is in src/auth/login.py:12"],
    ["src\\auth", "the bug is in src/auth/login.py:12"],
    ["foo_bar", "call foo_bar(1)"],
    ["bar", "call foo_bar(1)"],
    ["saveCheckpoint", "call saveCheckpoint()"],
    ["checkpoint", "call saveCheckpoint()"],
    ["savecheckpoint", "call saveCheckpoint()"],
    ["SAVECHECKPOINT", "call saveCheckpoint()"],
    ["save_checkpoint", "call saveCheckpoint()"],
    ["saveCheckpoint", "call save_checkpoint()"],
    ["form.tsx", "see app/LoginForm.tsx"],
    ["parse http", "parseHTTPHeader"],
    ["header", "parseHTTPHeader"],
    ["utf8", "a utf8Decoder"],
    ["--dry-run", "run it with --dry-run first"],
    ["don't", "Don't panic"],
    ["cafe", "the Café"],
    ["CAFÉ", "cafe"],
    ["istanbul", "İSTANBUL"],
    ["file", "the ﬁle"],
    ["abc123", "ＡＢＣ１２３"],
    ["елка", "Ёлка"],
    ["σοφος", "ΣΟΦΟΣ."],
    ["東京", "私は東京都に住む"],
    ["都", "私は東京都に住む"],
    ["ガイド", "開発ガイド"],
    ["ｶﾞｲﾄﾞ", "開発ガイド"],
    ["检查点", "保存检查点，然后继续"],
    ["容器", "Docker容器"],
    ["docker容器", "用Docker容器部署"],
    ["用save", "我用save保存"],
    ["서버", "서버를 고친다"],
    ["เทพ", "กรุงเทพมหานคร"],
    ["हिन्दी", "हिन्दी भाषा"],
    ["🔥", "prod is on 🔥🔥"],
    ["❤", "with ❤️"],
    ["passwd", "pass\u200bwd"],
    ["AND", "this and that"],
    ["a".repeat(64), "a".repeat(3000)],
  ])("%s is found in: %s", (query, text) => {
    expect(finds(query, text)).toBe(true);
  });

  test.each([
    ["log", "Fix the login"],
    ["login logout", "Fix the login"],
    ["login.py", "login in main.py"],
    ["auth/login", "login before auth"],
    ["京東", "東京都"],
    ["東都", "東京都"],
    ["foobar", "foo_bar"],
    ["point", "saveCheckpoint"],
    ["OR", "this and that"],
  ])("%s is not found in: %s", (query, text) => {
    expect(finds(query, text)).toBe(false);
  });

  test.each(["", " \n", "*", "\"'()", "-- ;", "… — !?", "\u200b\u202e", "\u0301"])("%j has no words", (query) => {
    expect(termsOf(query)).toEqual([]);
  });

  test("tokens are letters, digits, marks and pictures only, so that no query can leave its quotes", () => {
    const every = Array.from({ length: 0x30000 }, (_, code) => code)
      .filter((code) => code < 0xd800 || code > 0xdfff)
      .map((code) => `${String.fromCodePoint(code)}x`);
    for (const query of [every.join(" "), every.join("")]) {
      expect(termsOf(query).flat().join(" ")).toMatch(/^[\p{L}\p{M}\p{N}\p{So} ]+$/u);
    }
  });

  test("long texts without a space take no longer than others", () => {
    for (const unit of ["a", "aB", "A", "a,", "東", "🔥", "é"]) {
      expect(searchable(unit.repeat(50_000)).words.length).toBeGreaterThan(50);
    }
  });
});

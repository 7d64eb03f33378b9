import { describe, expect, test } from "bun:test";
import { parseJson, repeatedMember } from "../../src/protocol/json.ts";

const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const refused = (code: number) => ({ reply: { id: null, error: { code } } });

describe("a message's text", () => {
  test("may be nested 64 deep, and no deeper", () => {
    expect(parseJson(nested(64))).toHaveProperty("value");
    expect(parseJson(nested(65))).toMatchObject(refused(-32600));
  });

  test("may have 250,000 values, and no more", () => {
    expect(parseJson(`[${"1,".repeat(249_997)}1]`)).toHaveProperty("value");
    expect(parseJson(`[${"1,".repeat(250_000)}1]`)).toMatchObject(refused(-32600));
  });

  test.each(['"', "\\", '\\"', "\\\\", '"[', "{,[", '\\"[{'].map((part) => part.repeat(100_000)))(
    "is measured outside its strings alone, whatever is escaped in them (case %#)",
    (text) => {
      expect(parseJson(JSON.stringify({ text, [text]: [text] }))).toEqual({ value: { text, [text]: [text] } });
    },
  );

  test("loses its members __proto__, however they are spelt, and no text that holds the word", () => {
    const spelt = '{"a":"__proto__","__proto__":1,"b":[{"\\u005f_proto__":{"c":1}}]}';
    const parsed = parseJson(spelt);
    expect(JSON.stringify(parsed)).toBe('{"value":{"a":"__proto__","b":[{}]}}');
  });

  test("that is no JSON is refused in few words, without what it hides", () => {
    for (const text of ["x".repeat(1e6), '{"a":\u001b[31m}', "\u202e", '"open', "{}{}", "", "]"]) {
      const parsed = parseJson(text);
      expect(parsed).toMatchObject(refused(-32700));
      expect(JSON.stringify(parsed).length).toBeLessThan(300);
      expect(JSON.stringify(parsed)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
  });
});

describe("a member that stands twice", () => {
  function parsed(text: string) {
    const outcome = parseJson(text);
    return { text, value: "value" in outcome ? outcome.value : undefined };
  }

  test.each([
    '{"a":1,"a":2}',
    '{"x":{"b":[{"a":1,"a":2}]}}',
    '{"a":1,"\\u0061":2}',
    '{"a" :1,\n"a"\t:2}',
    '{"a\\"":1,"b":"a","a\\"":2}',
    '{"a":"x:y","a":1}',
    '{"a:b":1,"a:b":2}',
    '{"__proto__":1,"b":{"__proto__":1,"__proto__":2}}',
  ])("is found in %s", (text) => {
    expect(repeatedMember(parsed(text))).toMatch(/^member ".*" stands twice in one object$/);
  });

  test.each([
    '{"a":{"a":1},"b":{"a":1}}',
    '[{"a":1},{"a":1}]',
    '{"a":"a","b":"a"}',
    '["a","a"]',
    '{"a":["a",{"a":1}]}',
    '{"a:":"b:c","b":[{"__proto__":1}]}',
  ])("is not found in %s", (text) => {
    expect(repeatedMember(parsed(text))).toBeUndefined();
  });
});

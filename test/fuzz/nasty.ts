import * as fc from "fast-check";

/** Strings that some layer may take for more than text, or not carry at all. */
const STRINGS = [
  "",
  " ",
  "__proto__",
  "constructor",
  "toString",
  "null",
  "a\u0000b",
  "\ud800",
  "\udfff\ud83d",
  "\u2028\u2029",
  "\ufeff",
  "\u202eevil\u202c",
  "\u{e0041}\u{e0042}",
  "\u001b[31mred\u001b[0m",
  "e\u0301",
  "../../../etc/passwd",
  "/etc/passwd",
  "file:///etc/passwd",
  "task://t1/../../x",
  "task://%00",
  "task://t1/artifacts/%2e%2e%2f",
  "task://t1/checkpoints/99999999999999999999",
  "'; DROP TABLE tasks; --",
  '" OR "" = "',
  "NEAR(a b) AND NOT *",
  "<%= process.env %>",
  "{{7*7}}",
  "%s%n%d",
  "$(id)",
  "\r\nX-Injected: 1",
  "data: x\n\nevent: y",
  "2026-11-24T00:00:00Z",
  "9999-99-99T99:99:99Z",
  "+275760-09-13T00:00:00.001Z",
  "x".repeat(300),
  "😀".repeat(65),
  "x".repeat(70_000),
];

const NUMBERS = [0, -0, -1, 0.5, 1e308, -1e308, 5e-324, 2 ** 31, 2 ** 53, -(2 ** 53), 2 ** 63, 2 ** 64, 1e21];

const DEPTHS = [10, 31, 32, 33, 40, 41, 61, 63, 64, 65, 1000, 100_000];

function nested(depth: number, array: boolean): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) {
    value = array ? [value] : { a: value };
  }
  return value;
}

/** Own members of any name: an object literal would take `__proto__` for something else. */
const entries = (inner: fc.Arbitrary<unknown>) =>
  fc
    .array(fc.tuple(fc.oneof(fc.constantFrom(...STRINGS.slice(0, 12)), fc.string({ maxLength: 8 })), inner), {
      maxLength: 4,
    })
    .map((pairs) => Object.fromEntries(pairs));

/** Any text: mostly short, of any characters, lone surrogates among them. */
export const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...STRINGS) },
  { weight: 3, arbitrary: fc.string({ unit: "grapheme", maxLength: 20 }) },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 12 })
      .map((codes) => String.fromCharCode(...codes)),
  },
);

/** Any JSON value, with a liking for those that break things. */
export const nasty: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 5, arbitrary: text },
  {
    weight: 4,
    arbitrary: fc.constantFrom<unknown>(...NUMBERS, null, true, false, [], {}, { toString: {} }, { length: 1 }),
  },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 2, arbitrary: entries(fc.jsonValue({ maxDepth: 1 })) },
  { weight: 1, arbitrary: fc.integer() },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...DEPTHS.slice(0, -1)), fc.boolean()).map((how) => nested(...how)),
  },
);

/** JSON text nested so deep that what is built of it cannot be walked; nothing here could print it either. */
export const deepText: fc.Arbitrary<string> = fc
  .constantFrom(...DEPTHS)
  .chain((depth) =>
    fc.constantFrom(
      `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${"[".repeat(depth)}${"]".repeat(depth)}}}`,
      `{"jsonrpc":"2.0","id":2,"method":"ping","params":${'{"a":'.repeat(depth)}1${"}".repeat(depth)}}`,
      `{"jsonrpc":"2.0","id":3,"result":${'{"a":'.repeat(depth)}1${"}".repeat(depth)}}`,
      `{"jsonrpc":"2.0","id":${"[".repeat(depth)}${"]".repeat(depth)},"method":"ping"}`,
      "[".repeat(depth),
    ),
  );

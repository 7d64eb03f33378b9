const META =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}';

/** A call of `create_task` of 2026-07-28, with the given JSON members as its arguments; other eras take it too. */
const create = (members: string) =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_task","arguments":{${members}},${META}}}`;

/** Messages that generated ones were shrunk to when they had found something: bytes as the characters U+0000 to U+00FF. */
export const REGRESSIONS: Readonly<Record<string, string>> = {
  "details quoted a control character of an argument's name": create('"title":"","goal":"","\\u0000":"ann"'),
  "details quoted a line separator of an argument's name": create('"title":"","goal":"","\\u2028\\u2069":""'),
  "the refusal was as long as the unknown arguments were many": create(
    Array.from({ length: 5000 }, (_, n) => `"unknown argument ${n}":1`).join(","),
  ),
  "the refusal was as long as the wrong values were many": create(
    `"title":"T","goal":"G","tags":[${Array.from({ length: 5000 }, () => "1").join(",")}]`,
  ),
  "Header mismatch repeated the whole method, however long": `{"jsonrpc":"2.0","id":0,"method":"${"x".repeat(70_000)}","params":{${META}}}`,
  "Header mismatch repeated a method's control characters": `{"jsonrpc":"2.0","id":0,"method":"a\\u001b[31m\\u202e","params":{${META}}}`,
  "a nested response ended in a RangeError": `{"jsonrpc":"2.0","id":1,"result":${'{"a":'.repeat(200_000)}1${"}".repeat(200_001)}`,
  "a member __proto__ reached the arguments": create('"title":"T","goal":"G","\\u005f_proto__":{"limit":-1}'),
  "resources/unsubscribe asked an object for its text": `{"jsonrpc":"2.0","id":0,"method":"resources/unsubscribe","params":{"uri":{"toString":{}}}}`,
  "a member stood twice": `{"jsonrpc":"2.0","id":1,"method":"tools/list","id":2,"params":{${META}}}`,
};

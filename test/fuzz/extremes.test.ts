import { describe, expect, test } from "bun:test";
import { messagesOf, openSession, postJson } from "../support/raw-http.ts";
import { httpTarget } from "./http-target.ts";
import { fire } from "./process.ts";
import { REGRESSIONS } from "./regressions.ts";
import { sseTarget, stdioTarget, type Target } from "./targets.ts";

const MIB = 1024 * 1024;
const full = (piece: string) => piece.repeat(Math.floor((15.9 * MIB) / piece.length));

/** Messages within the bound on bytes that cost more than bytes once something is built of them, and the answer's code. */
const COSTLY: readonly [name: string, text: () => string, code: number][] = [
  ["a million open brackets", () => "[".repeat(1e6), -32600],
  ["16 MiB of open brackets", () => full("["), -32600],
  ["a million nested arrays", () => `${"[".repeat(1e6)}${"]".repeat(1e6)}`, -32600],
  [
    "a million nested objects in params",
    () => `{"jsonrpc":"2.0","id":1,"method":"ping","params":${'{"a":'.repeat(1e6)}1${"}".repeat(1e6 + 1)}`,
    -32600,
  ],
  ["a nested result", () => `{"jsonrpc":"2.0","id":1,"result":${'{"a":'.repeat(2e5)}1${"}".repeat(2e5 + 1)}`, -32600],
  ["16 MiB of empty objects", () => `[${full("{},")}{}]`, -32600],
  ["16 MiB of members", () => `{${Array.from({ length: 1_000_000 }, (_, n) => `"k${n}":1`).join(",")}}`, -32600],
  [
    "a batch of 200,000",
    () => `[${Array.from({ length: 200_000 }, () => '{"jsonrpc":"2.0","id":1,"method":"ping"}').join(",")}]`,
    -32600,
  ],
  ["16 MiB of one word", () => full("x"), -32700],
  ["16 MiB of backslashes in a string", () => `"${full("\\\\")}"`, -32600],
  ["16 MiB of quotes", () => full('"'), -32700],
];

describe.skipIf(process.platform !== "linux")(
  "what costs more than its bytes is refused in bounded memory (Linux only)",
  () => {
    test("on stdio, a line of 100 MB too, and the next line counts", async () => {
      const { process: server, verdict } = await fire(false);
      const { stdin, stdout } = server;
      if (typeof stdin !== "object" || typeof stdout !== "object") {
        throw new Error("no pipes");
      }
      const write = async (text: string) => {
        stdin.write(text);
        await stdin.flush();
      };
      const lines = linesOf(stdout);
      for (const [name, text, code] of COSTLY) {
        await write(`${text()}\n`);
        expect({ name, answer: await lines.next() }).toMatchObject({
          name,
          answer: { value: { id: null, error: { code } } },
        });
      }
      for (let sent = 0; sent < 100; sent++) {
        await write("x".repeat(MIB));
      }
      await write('\n{"jsonrpc":"2.0","id":"next","method":"ping"}\n');
      expect(await lines.next()).toMatchObject({ value: { id: null, error: { code: -32600 } } });
      expect(await lines.next()).toMatchObject({ value: { id: "next", result: {} } });
      expect((await verdict()).faults).toEqual([]);
    });

    test("over HTTP, in every era", async () => {
      const { url, verdict } = await fire(true);
      const { headers } = await openSession(url);
      for (const [name, text, code] of COSTLY) {
        for (const given of [headers, { "mcp-protocol-version": "2026-07-28", "mcp-method": "ping" }]) {
          const response = await postJson(`${url}/mcp`, text(), given);
          const [answer] = await messagesOf(response);
          expect({ name, status: response.status, answer }).toMatchObject({
            name,
            status: 400,
            answer: { id: null, error: { code } },
          });
        }
      }
      expect((await postJson(`${url}/mcp`, "x".repeat(100 * MIB), headers)).status).toBe(413);
      expect((await verdict()).faults).toEqual([]);
    });
  },
);

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<unknown, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.map((line) => JSON.parse(line));
  }
}

const TARGETS: Readonly<Record<string, () => Promise<Target>>> = {
  "stdio, a session of 2025-11-25": () => stdioTarget("2025-11-25"),
  "stdio, a session of 2025-03-26": () => stdioTarget("2025-03-26"),
  "stdio, 2026-07-28": () => stdioTarget(undefined),
  "the event stream of 2024-11-05": sseTarget,
  "HTTP, a session of 2025-11-25": () => httpTarget("2025-11-25"),
  "HTTP, 2026-07-28": () => httpTarget(undefined),
};

describe("what was once answered badly is answered by the book", () => {
  test.each(Object.entries(TARGETS))("%s", async (_name, open) => {
    const target = await open();
    for (const [name, latin1] of Object.entries(REGRESSIONS)) {
      expect({ name, faults: await target.send([{ latin1, headers: {} }]) }).toEqual({ name, faults: [] });
    }
    expect((await target.verdict()).faults).toEqual([]);
  });
});

import { describe, expect, test } from "bun:test";
import { ARTIFACT_BYTES, LARGE, openLargeStore, openWarm } from "../support/large-artifacts.ts";
import { peakOf } from "../support/resident.ts";
import { connect, startHttp, startStdio, transports } from "../support/server.ts";

/** Copies of an artifact at once, the message that carries it included. */
const COPIES = 4;

const store = await openLargeStore();

describe.skipIf(process.platform !== "linux")(
  "an artifact of 10 MiB takes less than four times its size (Linux only)",
  () => {
    describe.each(["stdio, 2025-11-25", "stdio, 2026-07-28", "/mcp, a session", "/mcp, 2026-07-28"])("%s", (name) => {
      test.each(store.ways.filter(({ local }) => local !== true || name.startsWith("stdio")))("$name", async (way) => {
        const lane = await openWarm(name, store);
        const peak = await peakOf(lane.pid, () => way.run(lane));
        await lane.end();
        console.error(`${name}, ${way.name}: ${(peak / ARTIFACT_BYTES).toFixed(1)} times`);
        expect(peak).toBeLessThan(COPIES * ARTIFACT_BYTES);
      });
    });
  },
);

describe("an artifact of 10 MiB", () => {
  /** How a resource is read. The SDK's client on stdio has no room for this one. */
  const ways: Readonly<Record<string, () => Promise<(uri: string) => Promise<unknown>>>> = {
    async stdio() {
      const server = startStdio(store.flags);
      await server.initialize();
      return async (uri) => (await server.request("resources/read", { uri }))["result"];
    },
    "/mcp": async () => readWith(transports.http((await startHttp(store.flags)).url)),
    "/sse": async () => readWith(transports.sse((await startHttp(store.flags)).url)),
  };

  async function readWith(transport: Parameters<typeof connect>[0]) {
    const client = await connect(transport);
    return (uri: string) => client.readResource({ uri });
  }

  test.each(Object.entries(ways))("comes back as it was, among other answers: %s", async (_, open) => {
    const read = await open();
    const names = Object.keys(LARGE);
    const ask = async (uri: string) => ({ ...Object(Object(await read(uri)).contents[0]) });
    const uriOf = (what: string) => `task://t/artifacts/${encodeURIComponent(what)}`;
    const answers = await Promise.all(names.flatMap((what) => [ask(uriOf(what)), ask("task://t")]));
    for (const [index, what] of names.entries()) {
      const { text, blob, uri } = answers[2 * index] ?? {};
      const bytes = typeof text === "string" ? Buffer.from(text) : Buffer.from(`${blob}`, "base64");
      const same = LARGE[what]?.equals(bytes);
      expect({ uri, same, text: typeof text === "string" }).toEqual({
        uri: uriOf(what),
        same: true,
        text: what !== "no text",
      });
      expect(answers[2 * index + 1]).toMatchObject({ uri: "task://t" });
    }
  });
});

import { describe, expect, test } from "bun:test";
import { rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { call, connect, freshStore, refusal, startHttp, startStdio, transports } from "../support/server.ts";

const store = freshStore();
const folder = store[3] ?? "";
const { url } = await startHttp(store);
const [stdio, http] = [await connect(transports.stdio(store), "a"), await connect(transports.http(url), "a")];
/** What clients take of one answer, in characters. */
const BOUND = 50_000;
const MIB = 1024 * 1024;

await call(stdio, "create_task", { task_id: "t", title: "T", goal: "G" });

const attach = (name: string, bytes: Uint8Array, more: Record<string, unknown> = {}) =>
  call(stdio, "attach_artifact", {
    task_id: "t",
    name,
    content_base64: Buffer.from(bytes).toString("base64"),
    ...more,
  });
const get = (client: Client, artifact: string, range: { offset?: number; limit?: number } = {}) =>
  call(client, "get_artifact", { task_id: "t", artifact, ...range });
const bytesOf = ({ content, content_base64 }: Record<string, unknown>) =>
  typeof content === "string" ? Buffer.from(content) : Buffer.from(`${content_base64}`, "base64");
const sha256 = (bytes: Uint8Array) => Bun.SHA256.hash(bytes, "hex");
const fileOf = (hash: unknown) => join(folder, `${hash}`.slice(0, 2), `${hash}`);

/** Reads an artifact as an agent would: from answer to answer, until none says where to go on. */
async function readWhole(client: Client, artifact: string, limit?: number) {
  const parts: Buffer[] = [];
  const kinds = new Set<string>();
  let last: Record<string, unknown> = {};
  let offset: number | undefined = 0;
  while (offset !== undefined) {
    last = await get(client, artifact, { offset, ...(limit === undefined ? {} : { limit }) });
    expect(JSON.stringify(last).length).toBeLessThanOrEqual(BOUND);
    expect(last["offset"]).toBe(offset);
    parts.push(bytesOf(last));
    kinds.add("content" in last ? "text" : "bytes");
    const next: unknown = last["next_offset"];
    expect(next === undefined || (typeof next === "number" && next > offset)).toBe(true);
    offset = typeof next === "number" ? next : undefined;
  }
  return { bytes: Buffer.concat(parts), parts, kinds: [...kinds].join(), last };
}

/** Pseudo-random bytes, the same each time. */
const noise = (length: number) => {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let place = 0; place < length; place++) {
    state = (state * 48_271) % 0x7fff_ffff;
    bytes[place] = state >> 8;
  }
  return bytes;
};

const TEXTS: Readonly<Record<string, string>> = {
  empty: "",
  ascii: "all work and no play\n".repeat(8000),
  "of 3 bytes a character": "€".repeat(60_000),
  "of surrogate pairs": `x${"😀".repeat(40_000)}`,
  "mixed, out of step": "aü€😀".repeat(15_000),
  "that JSON writes six times as long": "\u0001".repeat(30_000),
  "of quotes and backslashes": `"\\`.repeat(40_000),
  "with a byte order mark": "\ufeffmark",
  "over the chunks of the store": `${"x".repeat(MIB - 1)}€${"x".repeat(10)}`,
};

describe("get_artifact", () => {
  for (const [name, text] of Object.entries(TEXTS)) {
    test(`gives back text ${name}, whole, over stdio and HTTP`, async () => {
      const bytes = Buffer.from(text);
      const { artifact_id } = await attach(name, bytes);
      for (const client of [stdio, http]) {
        const read = await readWhole(client, name);
        expect(read.kinds).toBe("text");
        expect(read.bytes.equals(bytes)).toBe(true);
        const { content: _, offset: __, ...rest } = read.last;
        const size = bytes.length;
        expect(rest).toEqual({ artifact_id, name, mime_type: "text/plain", size, sha256: sha256(bytes) });
      }
    });
  }

  test.each([
    ["of any value", noise(200_000)],
    ["that are text but for the last", Buffer.concat([Buffer.from("x".repeat(MIB)), Buffer.from([0xe2, 0x82])])],
    ["that are text but for a U+0000", Buffer.from(`${"text ".repeat(9000)}\0`)],
    ["with half a surrogate pair", Buffer.from([0x61, 0xed, 0xa0, 0x80])],
  ])("gives back bytes %s as Base64, which may be joined before it is decoded", async (name, bytes) => {
    await attach(name, bytes);
    for (const client of [stdio, http]) {
      const { bytes: read, parts, kinds, last } = await readWhole(client, name);
      expect({ kinds, size: last["size"] }).toEqual({ kinds: "bytes", size: bytes.length });
      expect(read.equals(bytes)).toBe(true);
      const joined = parts.map((part) => part.toString("base64")).join("");
      expect(Buffer.from(joined, "base64").equals(bytes)).toBe(true);
    }
  });

  test("takes a text's range by bytes and never breaks a character", async () => {
    await attach("range", Buffer.from("aü€😀z"));
    const { parts } = await readWhole(http, "range", 1);
    expect(parts.map(String)).toEqual(["a", "ü", "€", "😀", "z"]);
    expect((await readWhole(http, "range", 5)).parts.map(String)).toEqual(["aü", "€", "😀z"]);
    for (const offset of [6, 7, 8, 9]) {
      expect(await get(http, "range", { offset, limit: 4 })).toMatchObject({
        offset: 6,
        content: "😀",
        next_offset: 10,
      });
    }
    expect(await get(http, "range", { offset: 10 })).toMatchObject({ offset: 10, content: "z" });
    expect(await get(http, "range", { offset: 11 })).toMatchObject({ offset: 11, content: "" });
  });

  test("takes a range of bytes as it is asked for", async () => {
    const bytes = noise(1000);
    await attach("bytes", bytes);
    const read = await get(http, "bytes", { offset: 7, limit: 10 });
    expect(read).toMatchObject({ offset: 7, next_offset: 17, content_base64: bytes.toString("base64", 7, 17) });
    expect(await get(http, "bytes", { offset: 1000 })).toMatchObject({ content_base64: "" });
    expect(await get(http, "bytes", { offset: 990, limit: 10 })).not.toHaveProperty("next_offset");
  });

  test.each([
    ["text/x-diff", "content"],
    ["application/json; charset=utf-8", "content"],
    ["image/svg+xml", "content"],
    ["application/x-ndjson", "content"],
    ["application/octet-stream", "content"],
    ["APPLICATION/YAML", "content"],
    ["image/png", "content_base64"],
    ["application/pdf", "content_base64"],
  ])("shows UTF-8 of media type %s as %s, and its resource likewise", async (mime_type, kind) => {
    await attach(mime_type, Buffer.from("text"), { mime_type });
    expect(await get(http, mime_type)).toMatchObject({ [kind]: kind === "content" ? "text" : "dGV4dA==" });
    const uri = `task://t/artifacts/${encodeURIComponent(mime_type)}`;
    const { contents } = await http.readResource({ uri });
    expect(contents).toEqual([
      { uri, mimeType: mime_type, ...(kind === "content" ? { text: "text" } : { blob: "dGV4dA==" }) },
    ]);
  });

  test("finds by id, and the newest by name", async () => {
    const old = await attach("twice", Buffer.from("old"));
    await attach("twice", Buffer.from("new"));
    expect(await get(http, "twice")).toMatchObject({ content: "new" });
    expect(await get(http, `${old["artifact_id"]}`)).toMatchObject({ content: "old" });
  });

  test("refuses what is not there, naming what is", async () => {
    await call(stdio, "create_task", { task_id: "few", title: "T", goal: "G" });
    expect(await refusal(http, "get_artifact", { task_id: "few", artifact: "x" })).toEqual({
      code: "not_found",
      message: 'Cannot get artifact "x": task "few" has none of this id or name; it has none yet',
    });
    for (const name of ["a", "b", "\u202ec", "d", "d", "e", "f", "g"]) {
      await call(stdio, "attach_artifact", { task_id: "few", name, content: name });
    }
    const { message } = await refusal(http, "get_artifact", { task_id: "few", artifact: "x\u001b[1m" });
    expect(message).toEndWith('none of this id or name; "g", "f", "e", "d", "c" and 2 more, in get_task, are accepted');
    expect(message).toStartWith('Cannot get artifact "x": ');
    expect(await refusal(http, "get_artifact", { task_id: "nope", artifact: "x" })).toMatchObject({
      code: "not_found",
      message: expect.stringContaining('"nope": there is no such task'),
    });
    expect(await refusal(http, "get_artifact", { task_id: "few", artifact: "a", offset: 2 })).toMatchObject({
      code: "invalid",
      message: 'Cannot get artifact "a": offset 2 is beyond its end; 0–1 is accepted',
      details: { size: 1 },
    });
  });
});

describe("an artifact whose stored bytes are", () => {
  const text = "genuine ".repeat(1000);
  const damages: Readonly<Record<string, { damage: (file: string) => void; logged: string }>> = {
    changed: { damage: (file) => writeFileSync(file, text.replace("genuine", "Genuine")), logged: "other bytes" },
    "cut short": { damage: (file) => truncateSync(file, 100), logged: "has 100 bytes instead of 8000" },
    "longer than they were": { damage: (file) => writeFileSync(file, `${text}!`), logged: "has 8001 bytes instead" },
    gone: { damage: (file) => rmSync(file), logged: "is missing" },
  };
  test.each(Object.entries(damages).map(([what, rest]) => ({ what, ...rest })))(
    "$what is never served; the caller is told how to mend it, the log which it is",
    async ({ what, damage, logged }) => {
      const { artifact_id, sha256: hash } = await attach(what, Buffer.from(text));
      const server = startStdio(store);
      await server.initialize();
      const read = async (offset: number) => {
        const args = { task_id: "t", artifact: what, offset, limit: 10 };
        const { result } = await server.request("tools/call", { name: "get_artifact", arguments: args });
        return Object(result);
      };
      expect((await read(5000)).structuredContent).toMatchObject({ content: text.slice(0, 10) });
      damage(fileOf(hash));
      const { isError, content } = await read(5000);
      expect({ isError, ...JSON.parse(content[0].text) }).toEqual({
        isError: true,
        code: "internal",
        message: `Cannot read artifact "${artifact_id}" of task "t": its stored bytes are damaged or missing; attach_artifact with the original bytes (SHA-256 ${hash}) mends it`,
      });
      const resource = await server.request("resources/read", { uri: `task://t/artifacts/${artifact_id}` });
      expect(resource).toMatchObject({ error: { code: -32603, message: expect.stringContaining("mends it") } });
      const again = await attach(what, Buffer.from(text));
      expect(again).toMatchObject({ artifact_id });
      expect((await read(0)).structuredContent).toMatchObject({ content: text.slice(0, 10) });
      await server.end();
      const log = await new Response(server.process.stderr).text();
      const lines = log.split("\n").filter((line) => line.includes('"level":"error"'));
      expect(lines).toHaveLength(2);
      for (const line of lines) {
        for (const said of [`${artifact_id}`, fileOf(hash), logged]) {
          expect(line).toContain(said);
        }
      }
    },
  );
});

// One copy of the whole a call would grow it by 37 MiB, chunks by 13.
test.skipIf(process.platform !== "linux")("reading 10 MiB range by range keeps little of it in memory", async () => {
  const bytes = noise(10 * MIB);
  const { artifact_id } = await attach("large", bytes);
  const server = startStdio(store);
  await server.initialize();
  const peak = async () => {
    const status = await Bun.file(`/proc/${server.process.pid}/status`).text();
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  };
  const read = async (offset: number) => {
    const args = { task_id: "t", artifact: artifact_id, offset };
    const { result } = await server.request("tools/call", { name: "get_artifact", arguments: args });
    return Object(result).structuredContent;
  };
  await read(0);
  const before = await peak();
  for (let offset = 0; offset < bytes.length; offset += MIB / 2) {
    const { content_base64 } = await read(offset);
    expect(bytes.subarray(offset, offset + 36_000).equals(Buffer.from(content_base64, "base64"))).toBe(true);
  }
  expect((await peak()) - before).toBeLessThan(25);
});

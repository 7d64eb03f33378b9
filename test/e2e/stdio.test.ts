import { describe, expect, test } from "bun:test";
import { freshStore, startStdio } from "../support/server.ts";

const MIB = 1024 * 1024;
const error = (code: number) => (message: Record<string, unknown>) => Object(message["error"]).code === code;

describe("stdio", () => {
  test("3,000 requests piped in at once are answered 3,000 times, each once, then the server exits 0", async () => {
    const server = startStdio(freshStore());
    const create = (n: number) =>
      n % 2 === 0
        ? { name: "create_task", arguments: { task_id: `t${n}`, title: "T", goal: "G" } }
        : { name: "get_task", arguments: { task_id: `t${n - 1}` } };
    const lines = Array.from({ length: 3000 }, (_, n) =>
      JSON.stringify({ jsonrpc: "2.0", id: n, method: "tools/call", params: create(n) }),
    );
    server.write(`${lines.join("\n")}\n`);
    expect(await server.end()).toBe(0);
    expect(server.received.map(({ id }) => Number(id)).toSorted((one, other) => one - other)).toEqual(
      lines.map((_, n) => n),
    );
    expect(server.received.filter(({ result }) => Object(result).isError === true)).toEqual([]);
  }, 120_000);

  test("an answer larger than any pipe arrives whole after the end of input", async () => {
    const server = startStdio(freshStore());
    await server.initialize();
    const content = "x".repeat(10 * MIB);
    await server.request("tools/call", { name: "create_task", arguments: { task_id: "t", title: "T", goal: "G" } });
    await server.request("tools/call", { name: "attach_artifact", arguments: { task_id: "t", name: "big", content } });
    server.write(
      `${JSON.stringify({ jsonrpc: "2.0", id: 9, method: "resources/read", params: { uri: "task://t/artifacts/big" } })}\n`,
    );
    expect(await server.end()).toBe(0);
    const answer = server.received.find(({ id }) => id === 9);
    expect(Object(answer?.["result"]).contents[0].text === content).toBe(true);
  });

  test("malformed lines are answered, and the next line counts", async () => {
    const server = startStdio(freshStore());
    server.write("{nonsense\n");
    expect(await server.next(error(-32700))).toMatchObject({ id: null });
    for (const line of [
      "42",
      "null",
      '"x"',
      "{}",
      '{"jsonrpc":"1.0","id":7,"method":"ping"}',
      '{"jsonrpc":"2.0","id":null,"method":"ping"}',
      '{"jsonrpc":"2.0","id":1.5,"method":"ping"}',
      '{"jsonrpc":"2.0","method":7}',
      '{"jsonrpc":"2.0","id":8,"method":"ping","params":[]}',
    ]) {
      const already = server.received.length;
      server.write(`${line}\n`);
      await server.next((message) => server.received.indexOf(message) >= already && error(-32600)(message));
    }
    server.process.stdin.write(new Uint8Array([0x22, 0xff, 0xfe, 0x22, 0x0a]));
    await server.next((message) => error(-32700)(message) && `${Object(message["error"]).message}`.includes("UTF-8"));
    server.write(' \t \r\n\n{"jsonrpc":"2.0","id":"ok","method":"ping"}\r\n');
    expect(await server.next(({ id }) => id === "ok")).toMatchObject({ result: {} });
    expect(await server.end()).toBe(0);
  });

  test("a half line at the end of input is not executed, even if it is whole JSON", async () => {
    const store = freshStore();
    const server = startStdio(store);
    await server.initialize();
    server.write(
      `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"create_task","arguments":{"task_id":"half","title":"T","goal":"G"}}}`,
    );
    expect(await server.end()).toBe(0);
    expect(server.received.filter(({ id }) => id === 5)).toEqual([]);
    expect(await new Response(server.process.stderr).text()).toContain("newline");
    const after = startStdio(store);
    await after.initialize();
    expect(await after.request("resources/read", { uri: "task://half" })).toMatchObject({ error: { code: -32002 } });
  });

  test("a line of more than 16 MiB is refused with an answer, one just under it is not, and the next line counts", async () => {
    const server = startStdio(freshStore());
    const padded = (id: number, bytes: number) => {
      const line = JSON.stringify({ jsonrpc: "2.0", id, method: "ping", params: { pad: "" } });
      return `${line.slice(0, -3)}${"x".repeat(bytes - line.length)}${line.slice(-3)}\n`;
    };
    server.write(padded(1, 16 * MIB));
    server.write(padded(2, 16 * MIB + 1));
    server.write(padded(3, 100));
    expect(await server.next(({ id }) => id === 1)).toMatchObject({ result: {} });
    expect(await server.next(error(-32600))).toMatchObject({
      id: null,
      error: { message: expect.stringContaining("16777216") },
    });
    expect(await server.next(({ id }) => id === 3)).toMatchObject({ result: {} });
    expect(server.received).toHaveLength(3);
  });

  test("nothing but messages goes to stdout, with debug lines on stderr", async () => {
    const server = startStdio([...freshStore(), "--debug"]);
    await server.initialize();
    await server.request("tools/call", { name: "get_task", arguments: { task_id: "nope" } });
    expect(await server.end()).toBe(0);
    expect(server.received.every(({ jsonrpc }) => jsonrpc === "2.0")).toBe(true);
    expect(await new Response(server.process.stderr).text()).toContain('"level":"debug"');
  });

  test("SIGTERM and SIGINT in the middle of work end with exit 0, and what was acknowledged is kept", async () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const store = freshStore();
      const server = startStdio(store);
      await server.initialize();
      const create = (n: number) => ({ name: "create_task", arguments: { task_id: `t${n}`, title: "T", goal: "G" } });
      const lines = Array.from({ length: 500 }, (_, n) =>
        JSON.stringify({ jsonrpc: "2.0", id: n, method: "tools/call", params: create(n) }),
      );
      server.write(`${lines.join("\n")}\n`);
      await server.next(({ id }) => id === 0);
      server.process.kill(signal);
      expect(await server.end()).toBe(0);
      const acknowledged = server.received.filter(({ id }) => typeof id === "number").map(({ id }) => `task://t${id}`);
      const after = startStdio(store);
      await after.initialize();
      for (const uri of acknowledged) {
        expect(await after.request("resources/read", { uri })).toMatchObject({ result: { contents: [{ uri }] } });
      }
      expect(acknowledged.length).toBeGreaterThan(0);
    }
  });

  test("a reader of stdout that goes away ends the server quietly", async () => {
    const { EXECUTABLE } = await import("../support/server.ts");
    const ping = `{"jsonrpc":"2.0","id":1,"method":"ping"}`;
    const pipe = `(yes '${ping}' | head -n 20000) | "$0" "$@" | head -n 1; echo "status \${PIPESTATUS[1]}"`;
    const shell = Bun.spawn(["bash", "-c", pipe, EXECUTABLE, ...freshStore()], { stdout: "pipe", stderr: "pipe" });
    const [out, err] = await Promise.all([new Response(shell.stdout).text(), new Response(shell.stderr).text()]);
    expect(out).toContain("status 0");
    expect(err).not.toContain("EPIPE");
  });
});

describe("the protocol on stdio", () => {
  test.each(["2024-10-07", "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])(
    "initialize negotiates %s",
    async (revision) => {
      const server = startStdio(freshStore());
      expect(await server.initialize(revision)).toMatchObject({
        result: {
          protocolVersion: revision,
          capabilities: { tools: {}, resources: {} },
          serverInfo: { name: "mcp-task-server" },
        },
      });
      expect(await server.request("ping")).toMatchObject({ result: {} });
    },
  );

  test("errors are by the book", async () => {
    const server = startStdio(freshStore());
    expect(await server.request("initialize", {})).toMatchObject({ error: { code: -32602 } });
    expect(await server.initialize("1999-01-01")).toMatchObject({ result: { protocolVersion: "2025-11-25" } });
    expect(await server.request("no/such")).toMatchObject({ error: { code: -32601 } });
    expect(await server.request("constructor")).toMatchObject({ error: { code: -32601 } });
    expect(await server.request("tools/call", { name: "nope" })).toMatchObject({ error: { code: -32602 } });
    expect(await server.request("resources/read", {})).toMatchObject({ error: { code: -32602 } });
    expect(await server.request("resources/list", { cursor: "x" })).toMatchObject({ error: { code: -32602 } });
    expect(await server.request("tools/list", { cursor: "x" })).toMatchObject({ error: { code: -32602 } });
    expect(await server.request("tools/list", { _meta: { progressToken: {} } })).toMatchObject({
      error: { code: -32600 },
    });
    expect(await server.request("resources/templates/list")).toMatchObject({
      result: { resourceTemplates: [{ uriTemplate: "task://{task_id}" }, {}, {}, {}] },
    });
  });

  test("a batch is answered by one array on 2025-03-26, and refused on any other revision", async () => {
    const batch = `[{"jsonrpc":"2.0","id":"a","method":"ping"},{"jsonrpc":"2.0","method":"notifications/x"},{"jsonrpc":"2.0","id":"b","method":"nope"},7]\n`;
    const server = startStdio(freshStore());
    await server.initialize("2025-03-26");
    server.write(batch);
    const answer = await server.next((message) => Array.isArray(message));
    expect(Object.values(answer)).toHaveLength(3);
    expect(answer).toEqual(expect.arrayContaining([expect.objectContaining({ id: "a", result: {} })]));
    server.write("[]\n");
    await server.next(error(-32600));
    const newer = startStdio(freshStore());
    await newer.initialize("2025-06-18");
    newer.write(batch);
    expect(await newer.next(error(-32600))).toMatchObject({ id: null });
  });

  test("a cancelled request is not answered, and does not hold up the end", async () => {
    const server = startStdio(freshStore());
    await server.initialize();
    const call = { name: "attach_artifact", arguments: { task_id: "t", name: "n", content: "x".repeat(MIB) } };
    await server.request("tools/call", { name: "create_task", arguments: { task_id: "t", title: "T", goal: "G" } });
    server.write(
      `${JSON.stringify({ jsonrpc: "2.0", id: 77, method: "tools/call", params: call })}\n{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":77}}\n`,
    );
    await server.request("ping");
    expect(await server.end()).toBe(0);
    expect(server.received.filter(({ id }) => id === 77)).toEqual([]);
  });
});

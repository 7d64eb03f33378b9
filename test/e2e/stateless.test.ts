import { describe, expect, test } from "bun:test";
import { ENVELOPE, enveloped, postStateless, statelessly } from "../support/eras.ts";
import { readEvents } from "../support/events.ts";
import { freshStore, startHttp, startStdio } from "../support/server.ts";

const VERSION = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
const SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId";
const { url } = await startHttp(freshStore());
const create = (task_id: string) => ({ name: "create_task", arguments: { task_id, title: "T", goal: "G" } });

describe("2026-07-28 over HTTP", () => {
  test("server/discover tells revisions, capabilities and who the server is, and may be kept", async () => {
    const response = await postStateless(url, "server/discover");
    expect(response.status).toBe(200);
    expect(response.headers.get("mcp-session-id")).toBeNull();
    expect(await response.json()).toMatchObject({
      result: {
        resultType: "complete",
        supportedVersions: ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"],
        capabilities: { tools: {}, resources: { subscribe: true, listChanged: true }, prompts: {}, completions: {} },
        ttlMs: 3_600_000,
        cacheScope: "public",
        _meta: { "io.modelcontextprotocol/serverInfo": { name: "mcp-task-server" } },
      },
    });
  });

  test("a call needs no session, and reads may not be kept", async () => {
    expect(await (await postStateless(url, "tools/call", create("one"))).json()).toMatchObject({
      result: { resultType: "complete", structuredContent: { task_id: "one", created: true } },
    });
    expect(await (await postStateless(url, "resources/read", { uri: "task://one" })).json()).toMatchObject({
      result: { ttlMs: 0, cacheScope: "private", contents: [{ uri: "task://one" }] },
    });
  });

  const refused: readonly [string, string, Record<string, unknown>, Record<string, string | null>, number, number][] = [
    ["without MCP-Protocol-Version", "tools/list", {}, { "mcp-protocol-version": null }, 400, -32020],
    [
      "with another MCP-Protocol-Version than the body's",
      "tools/list",
      {},
      { "mcp-protocol-version": "2025-11-25" },
      400,
      -32020,
    ],
    ["without Mcp-Method", "tools/list", {}, { "mcp-method": null }, 400, -32020],
    ["with another Mcp-Method", "tools/list", {}, { "mcp-method": "tools/call" }, 400, -32020],
    ["without Mcp-Name", "tools/call", create("x"), { "mcp-name": null }, 400, -32020],
    ["with another Mcp-Name", "tools/call", create("x"), { "mcp-name": "get_task" }, 400, -32020],
    ["with a broken Base64 sentinel", "tools/call", create("x"), { "mcp-name": "=?base64?!?=" }, 400, -32020],
    [
      "of an unknown revision",
      "tools/list",
      { _meta: { [VERSION]: "2099-01-01" } },
      { "mcp-protocol-version": "2099-01-01" },
      400,
      -32022,
    ],
    ["without capabilities", "tools/list", { _meta: { [CAPABILITIES]: undefined } }, {}, 400, -32602],
    ["with a nameless client", "tools/list", { _meta: { "io.modelcontextprotocol/clientInfo": {} } }, {}, 400, -32602],
    ["of an unknown method", "no/such", {}, {}, 404, -32601],
    ["of initialize", "initialize", {}, {}, 404, -32601],
    ["of ping", "ping", {}, {}, 404, -32601],
    ["of resources/subscribe", "resources/subscribe", { uri: "task://one" }, {}, 404, -32601],
    ["of an unknown tool", "tools/call", { name: "nope" }, {}, 200, -32602],
    ["of an unknown resource", "resources/read", { uri: "task://nope" }, {}, 200, -32602],
    ["to listen to nothing", "subscriptions/listen", {}, {}, 200, -32602],
  ];
  test.each(
    refused.map(([what, method, params, headers, status, code]) => ({ what, method, params, headers, status, code })),
  )("a request $what answers $status, $code", async ({ method, params, headers, status, code }) => {
    const response = await postStateless(url, method, params, headers);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ id: 1, error: { code } });
  });

  test("Mcp-Name may be Base64 between sentinels, a stray session id is ignored, a notification is accepted", async () => {
    const encoded = `=?base64?${Buffer.from("task://one").toString("base64")}?=`;
    const read = await postStateless(
      url,
      "resources/read",
      { uri: "task://one" },
      { "mcp-name": encoded, "mcp-session-id": "stray" },
    );
    expect(read.status).toBe(200);
    const body = JSON.stringify({ jsonrpc: "2.0", method: "notifications/whatever", params: enveloped() });
    const notified = await fetch(`${url}/mcp`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    expect(notified.status).toBe(202);
  });

  test("a subscription acknowledges first, tells of changes by another process, and ends when its stream is closed", async () => {
    const store = freshStore();
    const server = await startHttp(store);
    const other = startStdio(store);
    const ask = statelessly(other);
    await ask("tools/call", create("watched"));
    const abort = new AbortController();
    const wanted = { resourcesListChanged: true, toolsListChanged: true, resourceSubscriptions: ["task://watched"] };
    const stream = await postStateless(server.url, "subscriptions/listen", { notifications: wanted }, {}, abort.signal);
    expect(stream.headers.get("content-type")).toBe("text/event-stream");
    const events = readEvents(stream);
    const next = async () => JSON.parse((await events.next()).value?.data ?? "null");
    expect(await next()).toMatchObject({
      method: "notifications/subscriptions/acknowledged",
      params: {
        notifications: { resourcesListChanged: true, resourceSubscriptions: ["task://watched"] },
        _meta: { [SUBSCRIPTION]: 1 },
      },
    });
    await ask("tools/call", {
      name: "save_checkpoint",
      arguments: { task_id: "watched", agent: "a", completed_steps: ["x"] },
    });
    expect(await next()).toMatchObject({
      method: "notifications/resources/updated",
      params: { uri: "task://watched", _meta: { [SUBSCRIPTION]: 1 } },
    });
    await ask("tools/call", create("new"));
    expect(await next()).toMatchObject({
      method: "notifications/resources/list_changed",
      params: { _meta: { [SUBSCRIPTION]: 1 } },
    });
    abort.abort();
    const again = await postStateless(server.url, "subscriptions/listen", { notifications: wanted });
    const ending = readEvents(again);
    await ending.next();
    server.process.kill("SIGTERM");
    const last = JSON.parse((await ending.next()).value?.data ?? "null");
    expect(last).toMatchObject({ id: 1, result: { resultType: "complete", _meta: { [SUBSCRIPTION]: 1 } } });
    expect(await server.process.exited).toBe(0);
  });
});

describe("2026-07-28 on stdio", () => {
  test("an id that is in use is refused, and the subscription that has it stays cancellable", async () => {
    const server = startStdio(freshStore());
    const wanted = ["task://t", "task://t/artifacts/log", "http://elsewhere"];
    const params = { notifications: { resourceSubscriptions: wanted }, _meta: ENVELOPE };
    const listen = `${JSON.stringify({ jsonrpc: "2.0", id: "sub", method: "subscriptions/listen", params })}\n`;
    server.write(listen);
    const acknowledged = await server.next(({ method }) => method === "notifications/subscriptions/acknowledged");
    expect(acknowledged).toMatchObject({ params: { notifications: { resourceSubscriptions: wanted.slice(0, 2) } } });
    server.write(listen);
    expect(await server.next(({ id }) => id === "sub")).toMatchObject({ error: { code: -32600 } });
    await statelessly(server)("tools/call", create("t"));
    for (const uri of wanted.slice(0, 2)) {
      await server.next(({ params }) => Object(params).uri === uri);
    }
    expect(await server.end()).toBe(0);
    expect(server.received.filter(({ id }) => id === "sub")).toMatchObject([{ error: {} }, { result: {} }]);
  });

  test("is chosen by each message: both eras see the same tasks on one connection", async () => {
    const server = startStdio(freshStore());
    const ask = statelessly(server);
    expect(await ask("server/discover")).toMatchObject({ result: { resultType: "complete" } });
    await server.initialize();
    await ask("tools/call", create("shared"));
    const read = await server.request("tools/call", { name: "get_task", arguments: { task_id: "shared" } });
    expect(read).toMatchObject({ result: { structuredContent: { task_id: "shared" } } });
    expect(Object(read["result"]).resultType).toBeUndefined();
    expect(await server.request("server/discover")).toMatchObject({ error: { code: -32602 } });
    expect(await ask("ping")).toMatchObject({ error: { code: -32601 } });
    expect(await server.request("ping")).toMatchObject({ result: {} });
  });

  test("a subscription lives beside calls, is cancelled by its id, or ends gracefully with the input", async () => {
    const server = startStdio(freshStore());
    const listen = (id: string) =>
      server.write(
        `${JSON.stringify({ jsonrpc: "2.0", id, method: "subscriptions/listen", params: { notifications: { resourcesListChanged: true }, _meta: ENVELOPE } })}\n`,
      );
    const tagged = (id: string, method: string) => (message: Record<string, unknown>) =>
      message["method"] === method && Object(Object(message["params"])._meta)[SUBSCRIPTION] === id;
    for (const id of ["kept", "cancelled"]) {
      listen(id);
      await server.next(tagged(id, "notifications/subscriptions/acknowledged"));
    }
    server.write(
      `${JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "cancelled" } })}\n`,
    );
    await statelessly(server)("tools/call", create("t"));
    await server.next(tagged("kept", "notifications/resources/list_changed"));
    expect(await server.end()).toBe(0);
    expect(server.received.filter(tagged("cancelled", "notifications/resources/list_changed"))).toEqual([]);
    expect(server.received.find(({ id }) => id === "kept")).toMatchObject({ result: { resultType: "complete" } });
    expect(server.received.find(({ id }) => id === "cancelled")).toBeUndefined();
  });
});

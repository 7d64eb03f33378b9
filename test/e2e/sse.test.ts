import { describe, expect, test } from "bun:test";
import { connectRaw, head, initialize, openEventClient, postJson, request, toolCall } from "../support/raw-http.ts";
import { freshStore, startHttp } from "../support/server.ts";

const { url } = await startHttp(freshStore());
const ping = (id: number | string) => request(id, "ping");
const pong = (id: number | string) => ({ jsonrpc: "2.0", id, result: {} });
const invalid = (id: number | string | null) => ({ jsonrpc: "2.0", id, error: { code: -32600 } });

describe("GET /sse", () => {
  test("opens an event stream whose first event tells where to POST", async () => {
    const stream = connectRaw(url);
    stream.socket.write(head("GET /sse HTTP/1.1", "Host: localhost"));
    const received = await stream.until((text) => text.includes("\n\n"));
    stream.socket.destroy();
    expect(received).toMatch(/^content-type: text\/event-stream\r$/im);
    expect(received).toMatch(/^cache-control: no-cache/im);
    expect(received).toMatch(/\nevent: endpoint\ndata: \/message\?clientId=[0-9a-f]{48}\n\n/);
  });

  test("needs no Accept header, which the seed's clients do not all send", async () => {
    const client = await openEventClient(url);
    expect(await client.request(ping(1))).toEqual(pong(1));
    client.close();
  });

  test.each(["2024-10-07", "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])("speaks %s", async (revision) => {
    const client = await openEventClient(url, revision);
    const task_id = `task-of-${revision}`;
    const call = toolCall("c", "create_task", { task_id, title: "Title", goal: "Goal" });
    expect(await client.request(call)).toMatchObject({ id: "c", result: { structuredContent: { created: true } } });
    client.close();
  });
});

describe("POST /message", () => {
  test("takes sessionId for clientId", async () => {
    const client = await openEventClient(url);
    const posted = await postJson(`${url}/message?sessionId=${client.clientId}`, ping("alias"));
    expect(posted.status).toBe(202);
    expect(await client.next()).toEqual(pong("alias"));
    client.close();
  });

  test("without an id is 400, with an unknown one 404", async () => {
    expect((await postJson(`${url}/message`, ping(1))).status).toBe(400);
    for (const id of ["00000000-0000-4000-8000-000000000000", "1", "", "__proto__"]) {
      for (const name of ["clientId", "sessionId"]) {
        expect((await postJson(`${url}/message?${name}=${id}`, ping(1))).status).toBe(404);
      }
    }
  });

  test("of malformed JSON is 400, and nothing comes on the stream", async () => {
    const client = await openEventClient(url);
    expect(await client.post("{")).toBe(400);
    expect(await client.request(ping("next"))).toEqual(pong("next"));
    client.close();
  });

  test("of valid JSON that is no message is 202, and -32600 on the stream", async () => {
    const client = await openEventClient(url);
    for (const value of [{ foo: 1 }, 42, "null", [], { jsonrpc: "2.0", id: null, method: "ping" }]) {
      expect(await client.post(value)).toBe(202);
      expect(await client.next()).toMatchObject(invalid(null));
    }
    expect(await client.request({ jsonrpc: "1.0", id: 5, method: "ping" })).toMatchObject(invalid(5));
    client.close();
  });

  test("of a request that cannot be answered is answered with its JSON-RPC error", async () => {
    const client = await openEventClient(url);
    const code = async (message: Record<string, unknown>) => {
      const { error } = Object(await client.request(message));
      return error?.code;
    };
    expect(await code(request(1, "no/such/method"))).toBe(-32601);
    expect(await code(toolCall(2, "no_such_tool", {}))).toBe(-32602);
    expect(await code(request(3, "resources/read", { uri: "task://nobody" }))).toBe(-32002);
    expect(await code(request(4, "initialize"))).toBe(-32602);
    client.close();
  });

  test("of a notification or a response is 202, and nothing comes on the stream", async () => {
    const client = await openEventClient(url);
    expect(await client.post({ jsonrpc: "2.0", method: "notifications/roots/list_changed" })).toBe(202);
    expect(await client.post({ jsonrpc: "2.0", id: 77, result: {} })).toBe(202);
    expect(await client.request(ping("next"))).toEqual(pong("next"));
    client.close();
  });

  test("is 404 once the client has hung up", async () => {
    const client = await openEventClient(url);
    client.close();
    let status = await client.post(ping(1));
    while (status === 202) {
      status = await client.post(ping(1));
    }
    expect(status).toBe(404);
  });

  test("of a cancelled call is not answered, and holds nothing", async () => {
    const client = await openEventClient(url, "2025-03-26");
    const call = toolCall(1, "create_task", { task_id: "cancelled", title: "Title", goal: "Goal" });
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } };
    expect(await client.post([call, cancel, ping(2)])).toBe(202);
    expect(await client.next()).toEqual([pong(2)]);
    client.close();
  });
});

describe("a batch on a stream", () => {
  test("of 2025-03-26 is answered by one array, each request in it", async () => {
    const client = await openEventClient(url, "2025-03-26");
    const batch = [
      ping(1),
      { jsonrpc: "2.0", method: "notifications/initialized" },
      request("two", "no/such/method"),
      42,
      toolCall(3, "create_task", { task_id: "batched", title: "Title", goal: "Goal" }),
    ];
    const answers = await client.request(batch);
    expect(Array.isArray(answers)).toBe(true);
    const answer = (id: number | string | null) => [answers].flat().find((message) => Object(message).id === id);
    expect([answers].flat().length).toBe(4);
    expect(answer(1)).toEqual(pong(1));
    expect(answer("two")).toMatchObject({ error: { code: -32601 } });
    expect(answer(null)).toMatchObject(invalid(null));
    expect(answer(3)).toMatchObject({ result: { structuredContent: { task_id: "batched", created: true } } });
    client.close();
  });

  test("of notifications alone is not answered", async () => {
    const client = await openEventClient(url, "2025-03-26");
    expect(await client.post([{ jsonrpc: "2.0", method: "notifications/initialized" }])).toBe(202);
    expect(await client.request(ping("next"))).toEqual(pong("next"));
    client.close();
  });

  test.each(["2024-10-07", "2024-11-05", "2025-06-18", "2025-11-25"])(
    "of %s is refused whole, -32600",
    async (revision) => {
      const client = await openEventClient(url, revision);
      expect(await client.request([ping(1), ping(2)])).toMatchObject(invalid(null));
      expect(await client.request(ping("next"))).toEqual(pong("next"));
      client.close();
    },
  );

  test("before initialize is refused whole, -32600", async () => {
    const stream = connectRaw(url);
    stream.socket.write(head("GET /sse HTTP/1.1", "Host: localhost"));
    const [, endpoint] = /^data: (.*)$/m.exec(await stream.until((text) => text.includes("\n\n"))) ?? [];
    expect((await postJson(`${url}${endpoint}`, [ping(1), initialize("2025-03-26")])).status).toBe(202);
    await stream.until((text) => text.includes('"code":-32600'));
    stream.socket.destroy();
  });
});

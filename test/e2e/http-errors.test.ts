import { describe, expect, test } from "bun:test";
import { type Message, messagesOf, openSession, postJson, request, toolCall } from "../support/raw-http.ts";
import { freshStore, startHttp } from "../support/server.ts";

const { url, process: server } = await startHttp(freshStore());
const session = await openSession(url);
const ping = (id: number | string) => request(id, "ping");
const pong = (id: number | string) => ({ jsonrpc: "2.0", id, result: {} });

/** Valid JSON that is no message, and the id its refusal has. */
const NO_MESSAGES: readonly [unknown, number | string | null][] = [
  [{ foo: 1 }, null],
  [42, null],
  ['"text"', null],
  ["null", null],
  ["true", null],
  [{}, null],
  [{ jsonrpc: "1.0", id: "old", method: "ping" }, "old"],
  [{ id: 5, method: "ping" }, 5],
  [{ jsonrpc: "2.0", id: 7, method: 42 }, 7],
  [{ jsonrpc: "2.0", id: 8 }, 8],
  [{ jsonrpc: "2.0", id: null, method: "ping" }, null],
  [{ jsonrpc: "2.0", id: 1.5, method: "ping" }, null],
  [{ jsonrpc: "2.0", id: { a: 1 }, method: "ping" }, null],
  [{ jsonrpc: "2.0", id: 9, method: "ping", params: [1] }, 9],
  [{ jsonrpc: "2.0", id: 10, method: "ping", params: "text" }, 10],
  [{ jsonrpc: "2.0", result: {} }, null],
];

/** Requests that are refused by JSON-RPC's and MCP's codes, HTTP being well with them. */
const REFUSED: readonly [Message, number][] = [
  [request(1, "no/such/method"), -32601],
  [request(2, "constructor"), -32601],
  [request(3, "__proto__"), -32601],
  [request(4, "tasks/list"), -32601],
  [toolCall(5, "no_such_tool", {}), -32602],
  [toolCall(6, "constructor", {}), -32602],
  [request(7, "tools/call", {}), -32602],
  [request(8, "tools/call"), -32602],
  [request(9, "resources/read", {}), -32602],
  [request(10, "resources/read", { uri: "task://no-such-task" }), -32002],
  [request(11, "resources/read", { uri: "task://no-such-task/artifacts/a" }), -32002],
  [request(12, "resources/read", { uri: "file:///etc/passwd" }), -32002],
  [request(13, "resources/list", { cursor: "never-given-out" }), -32602],
];

describe("JSON-RPC errors by the book", () => {
  test.each(NO_MESSAGES)("%j is no message: 400 and -32600, within a session or without", async (value, id) => {
    for (const response of [await session.post(value), await postJson(`${url}/mcp`, value)]) {
      expect(response.status).toBe(400);
      expect(await messagesOf(response)).toMatchObject([{ jsonrpc: "2.0", id, error: { code: -32600 } }]);
    }
  });

  test.each(REFUSED)("%j is answered with %d on the stream", async (message, code) => {
    const response = await session.post(message);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(await messagesOf(response)).toMatchObject([{ jsonrpc: "2.0", id: Number(message["id"]), error: { code } }]);
  });

  test("a resource that is not there is named in the error's data", async () => {
    const answer = await session.request(request("r", "resources/read", { uri: "task://nobody" }));
    expect(answer).toMatchObject({ error: { code: -32002, data: { uri: "task://nobody" } } });
  });

  test("a mistake in a tool's arguments is a result that the model can read", async () => {
    const answer = await session.request(toolCall("t", "create_task", { task_id: "t" }));
    expect(answer).toMatchObject({ id: "t", result: { isError: true } });
    expect(answer["error"]).toBeUndefined();
  });

  test("an id comes back as it was, a number or a string", async () => {
    for (const id of [0, -1, Number.MAX_SAFE_INTEGER, "", "0", "ü\u2028", "x".repeat(1000)]) {
      expect(await session.request(ping(id))).toEqual(pong(id));
    }
  });
});

describe("a batch", () => {
  test("is answered request by request in a session of 2025-03-26", async () => {
    const { post } = await openSession(url, "2025-03-26");
    const response = await post([
      ping(1),
      { jsonrpc: "2.0", method: "notifications/initialized" },
      request("two", "no/such/method"),
      toolCall(3, "create_task", { task_id: "batched", title: "Title", goal: "Goal" }),
    ]);
    expect(response.status).toBe(200);
    const answers = await messagesOf(response);
    expect(answers.length).toBe(3);
    const answer = (id: number | string) => answers.find((message) => message["id"] === id);
    expect(answer(1)).toEqual(pong(1));
    expect(answer("two")).toMatchObject({ error: { code: -32601 } });
    expect(answer(3)).toMatchObject({ result: { structuredContent: { task_id: "batched", created: true } } });
  });

  test("of notifications alone is 202", async () => {
    const { post } = await openSession(url, "2025-03-26");
    expect((await post([{ jsonrpc: "2.0", method: "notifications/initialized" }])).status).toBe(202);
  });

  test("of nothing, of more than 100, with an initialize or with no message in it is 400 and -32600", async () => {
    const { post, request: send } = await openSession(url, "2025-03-26");
    const initialize = request(1, "initialize", {
      protocolVersion: "2025-03-26",
      capabilities: {},
      clientInfo: { name: "n", version: "1" },
    });
    for (const batch of [[], Array.from({ length: 101 }, (_, id) => ping(id)), [initialize], [ping(1), 42]]) {
      const response = await post(batch);
      expect(response.status).toBe(400);
      expect(await messagesOf(response)).toMatchObject([{ error: { code: -32600 } }]);
    }
    expect(await send(ping(1))).toEqual(pong(1));
  });

  test.each(["2024-10-07", "2024-11-05", "2025-06-18", "2025-11-25"])(
    "is 400 and -32600 in a session of %s",
    async (revision) => {
      const { post } = await openSession(url, revision);
      for (const batch of [[], [ping(1)], [ping(1), ping(2)]]) {
        const response = await post(batch);
        expect(response.status).toBe(400);
        expect(await messagesOf(response)).toMatchObject([{ id: null, error: { code: -32600 } }]);
      }
    },
  );
});

describe("a request that gets no answer of its own does not hold its stream, its session or the server's end", () => {
  const cancel = (requestId: number) => ({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId } });
  const soon = async (response: Response | Promise<Response>) =>
    Promise.race([(await response).text(), Bun.sleep(4000).then(() => "still open after 4 s")]);

  test("a cancelled call's stream ends", async () => {
    const { post, request: send } = await openSession(url);
    await send(toolCall(0, "create_task", { task_id: "big", title: "Title", goal: "Goal" }));
    const call = soon(
      post(toolCall(1, "attach_artifact", { task_id: "big", name: "a", content: "a".repeat(9_000_000) })),
    );
    let ended = false;
    void call.finally(() => {
      ended = true;
    });
    while (!ended) {
      // Until one comes while the call is under way.
      expect((await post(cancel(1))).status).toBe(202);
    }
    expect(await call).not.toContain("still open");
  });

  test("a cancelled call of a batch neither holds nor takes along the others' answers", async () => {
    const { post } = await openSession(url, "2025-03-26");
    const call = toolCall(1, "create_task", { task_id: "cancelled", title: "Title", goal: "Goal" });
    expect(await soon(post([call, cancel(1)]))).not.toContain("still open");
    const text = await soon(post([{ ...call, id: 2 }, ping(3), cancel(2)]));
    expect(text).toContain('"id":3');
    expect(text).not.toContain('"id":2');
  });

  test("of two calls with one id at once in one session, each is answered or refused", async () => {
    const { post, request: send } = await openSession(url);
    await send(toolCall(0, "create_task", { task_id: "twice", title: "Title", goal: "Goal" }));
    const attach = (name: string) =>
      soon(post(toolCall(1, "attach_artifact", { task_id: "twice", name, content: name.repeat(3_000_000) })));
    const both = await Promise.all([attach("a"), attach("b")]);
    expect(both.filter((text) => text.includes("still open"))).toEqual([]);
  });

  test("the server ends at once after all this", async () => {
    const told = performance.now();
    server.kill("SIGTERM");
    expect(await server.exited).toBe(0);
    expect(performance.now() - told).toBeLessThan(4000);
  });
});

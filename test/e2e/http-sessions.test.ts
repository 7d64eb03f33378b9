import { describe, expect, test } from "bun:test";
import {
  connectRaw,
  exchange,
  initialize,
  inSession,
  type Message,
  messagesOf,
  openSession,
  postJson,
  type RawConnection,
  request,
  type Session,
  toolCall,
} from "../support/raw-http.ts";
import { freshStore, startHttp } from "../support/server.ts";

const { url } = await startHttp(freshStore());

const REVISIONS = ["2024-10-07", "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] as const;
const INITIALIZED: Message = { jsonrpc: "2.0", method: "notifications/initialized" };

/** A GET or DELETE in a session, or with `headers` of its own. */
const send = (method: string, headers: Readonly<Record<string, string>>) =>
  fetch(`${url}/mcp`, { method, headers: { accept: "text/event-stream", ...headers } });

/** Opens a session's stream, and keeps it. */
async function openStream(session: Session): Promise<RawConnection> {
  const stream = connectRaw(url);
  stream.socket.write(inSession(session));
  await stream.until((received) => received.includes("\r\n\r\n"));
  return stream;
}

describe.each(REVISIONS)("a session of %s", (revision) => {
  test("is opened by initialize, under an id that nobody can guess", async () => {
    const response = await postJson(`${url}/mcp`, initialize(revision));
    expect(response.status).toBe(200);
    expect(response.headers.get("mcp-session-id")).toMatch(/^[0-9a-f]{48}$/);
    const [opened] = await messagesOf(response);
    expect(opened).toMatchObject({
      jsonrpc: "2.0",
      id: "initialize",
      result: { protocolVersion: revision, serverInfo: { name: "mcp-task-server" }, capabilities: { tools: {} } },
    });
  });

  test("answers 202 without a body to a notification, and to a response", async () => {
    const session = await openSession(url, revision);
    for (const message of [INITIALIZED, { jsonrpc: "2.0", id: 99, result: {} }]) {
      const response = await session.post(message);
      expect(response.status).toBe(202);
      expect(await response.text()).toBe("");
    }
  });

  test("serves tools and resources", async () => {
    const session = await openSession(url, revision);
    const task_id = `task-of-${revision}`;
    expect(await session.request(toolCall(1, "create_task", { task_id, title: "Title", goal: "Goal" }))).toMatchObject({
      id: 1,
      result: { structuredContent: { task_id, created: true } },
    });
    const uri = `task://${task_id}`;
    expect(await session.request(request("two", "resources/read", { uri }))).toMatchObject({
      id: "two",
      result: { contents: [{ uri, mimeType: "application/json" }] },
    });
  });

  test("ends with DELETE: then its id is 404, and its stream is closed", async () => {
    const session = await openSession(url, revision);
    const stream = await openStream(session);
    expect((await send("DELETE", session.headers)).status).toBe(200);
    expect(await stream.until((received) => received.endsWith("0\r\n\r\n"))).toStartWith("HTTP/1.1 200 OK");
    stream.socket.destroy();
    expect((await session.post(request(1, "ping"))).status).toBe(404);
    expect((await send("GET", session.headers)).status).toBe(404);
    expect((await send("DELETE", session.headers)).status).toBe(404);
  });
});

describe("a request of /mcp", () => {
  test("without a session is 400, GET and DELETE are 405", async () => {
    const response = await postJson(`${url}/mcp`, request(1, "tools/list"));
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("Mcp-Session-Id is missing");
    for (const method of ["GET", "DELETE"]) {
      const refused = await send(method, {});
      expect(refused.status).toBe(405);
      expect(refused.headers.get("allow")).toBe("POST");
    }
  });

  test.each(["00000000-0000-4000-8000-000000000000", "1", "", "__proto__"])(
    "in the unknown session %p is 404",
    async (id) => {
      const headers = { "mcp-session-id": id };
      const response = await postJson(`${url}/mcp`, request(1, "tools/list"), headers);
      expect(response.status).toBe(404);
      expect(await messagesOf(response)).toMatchObject([{ id: null, error: { code: -32001 } }]);
      expect((await postJson(`${url}/mcp`, initialize("2025-11-25"), headers)).status).toBe(404);
      expect((await send("GET", headers)).status).toBe(404);
      expect((await send("DELETE", headers)).status).toBe(404);
    },
  );

  test.each(["2023-01-01", "1.0", "latest", ""])("with the MCP-Protocol-Version %p is 400", async (version) => {
    const session = await openSession(url);
    const headers = { ...session.headers, "mcp-protocol-version": version };
    expect((await session.post(request(1, "ping"), headers)).status).toBe(400);
    expect((await send("GET", headers)).status).toBe(400);
    expect((await send("DELETE", headers)).status).toBe(400);
    expect(await session.request(request(1, "ping"))).toMatchObject({ id: 1, result: {} });
  });

  test.each(["", "application/json", "text/event-stream", "text/html"])(
    "POSTed with Accept: %p is 406",
    async (accept) => {
      const session = await openSession(url);
      expect((await session.post(request(1, "ping"), { accept })).status).toBe(406);
      const refused = await postJson(`${url}/mcp`, initialize("2025-11-25"), { accept });
      expect(refused.status).toBe(406);
      expect(refused.headers.get("mcp-session-id")).toBeNull();
    },
  );

  test.each(["", "application/json", "text/html"])("for the stream with Accept: %p is 406", async (accept) => {
    const session = await openSession(url);
    expect((await send("GET", { ...session.headers, accept })).status).toBe(406);
  });
});

describe("a session's stream", () => {
  test("is open at once: its head does not wait for something to send", async () => {
    const opened = exchange(url, inSession(await openSession(url)));
    // The first keep-alive comes after 15 s; clients have less patience.
    const late = Bun.sleep(5000).then(() => ({ status: "no head within 5 s" }));
    expect((await Promise.race([opened, late])).status).toBe(200);
  });

  test("is the only one: a second is 409, until the first is hung up", async () => {
    const session = await openSession(url);
    const stream = await openStream(session);
    const again = async () => (await exchange(url, inSession(session))).status;
    expect(await again()).toBe(409);
    stream.socket.destroy();
    let status = await again();
    while (status === 409) {
      status = await again();
    }
    expect(status).toBe(200);
  });
});

describe("initialize", () => {
  test.each(["2026-07-28", "2099-01-01", "1.0.0", ""])(
    "asking for %p is answered with 2025-11-25",
    async (revision) => {
      const response = await postJson(`${url}/mcp`, initialize(revision));
      expect(response.status).toBe(200);
      expect(response.headers.get("mcp-session-id")).not.toBeNull();
      expect(await messagesOf(response)).toMatchObject([{ result: { protocolVersion: "2025-11-25" } }]);
    },
  );

  test.each([
    ["no params", undefined],
    ["empty params", {}],
    ["a revision that is no string", { protocolVersion: 1, capabilities: {}, clientInfo: { name: "n", version: "1" } }],
    ["no clientInfo", { protocolVersion: "2025-11-25", capabilities: {} }],
  ])("with %s is -32602, and opens no session", async (_, params) => {
    const response = await postJson(`${url}/mcp`, request(1, "initialize", params));
    expect(response.headers.get("mcp-session-id")).toBeNull();
    expect(await messagesOf(response)).toMatchObject([{ jsonrpc: "2.0", id: 1, error: { code: -32602 } }]);
  });

  test("a second time in a session is 400 and -32600", async () => {
    const session = await openSession(url);
    const response = await session.post(initialize("2025-11-25"));
    expect(response.status).toBe(400);
    expect(await messagesOf(response)).toMatchObject([{ error: { code: -32600 } }]);
    expect(await session.request(request(1, "ping"))).toMatchObject({ id: 1, result: {} });
  });
});

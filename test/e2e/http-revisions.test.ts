import { expect, test } from "bun:test";
import { enveloped, postStateless } from "../support/eras.ts";
import {
  connectRaw,
  head,
  type Message,
  openEventClient,
  openSession,
  request,
  toolCall,
} from "../support/raw-http.ts";
import { freshStore, startHttp } from "../support/server.ts";

const { url } = await startHttp(freshStore());
const port = new URL(url).port;

const HOSTS: Readonly<Record<string, boolean>> = {
  [`Host: localhost:${port}`]: true,
  "Host: [::1]": true,
  "Host: evil.com": false,
  [`Host: 127.0.0.1.evil.com:${port}`]: false,
  [`Host: localhost:${port}\r\nHost: evil.com`]: false,
};
const ORIGINS: Readonly<Record<string, boolean>> = {
  "": true,
  [`Origin: http://127.0.0.1:${port}`]: true,
  "Origin: null": false,
  [`Origin: http://evil.com:${port}`]: false,
};

/** A request as its first line, its own header lines and its body, and what it is answered where it may pass. */
type Case = readonly [first: string, headers: readonly string[], body: Message | undefined, status: number];

/** The requests of one pair of Host and Origin, in the order they are sent; a call creates the task that is named. */
type Cases = (task_id: string) => Promise<readonly Case[]>;

const create = (task_id: string) => toolCall(1, "create_task", { task_id, title: "T", goal: "G" });
const notification = { jsonrpc: "2.0", method: "notifications/initialized" };

/** The methods of a session of `/mcp`, each request as the revision wants it. */
const sessionCases =
  (revision: string): Cases =>
  async (task_id) => {
    const { headers } = await openSession(url, revision);
    const lines = [...Object.entries(headers), ["accept", "application/json, text/event-stream"]].map((line) =>
      line.join(": "),
    );
    return [
      ["POST /mcp", lines, create(task_id), 200],
      ["POST /mcp", lines, notification, 202],
      ["POST /mcp", lines.filter((line) => !line.startsWith("mcp-session-id")), create(`${task_id}-no-session`), 400],
      [
        "POST /mcp",
        [...lines, "X: y"].map((line) => line.replace(/^(mcp-session-id: ).*/, "$1unknown")),
        create(`${task_id}-unknown`),
        404,
      ],
      ["GET /mcp", lines, undefined, 200],
      ["OPTIONS /mcp", lines, undefined, 405],
      ["PUT /mcp", lines, create(`${task_id}-put`), 405],
      ["DELETE /mcp", lines, undefined, 200],
    ];
  };

const REVISIONS: Readonly<Record<string, Cases>> = {
  "2024-11-05": async (task_id) => {
    const { clientId } = await openEventClient(url);
    const message = `/message?clientId=${clientId}`;
    return [
      ["GET /sse", [], undefined, 200],
      ["POST /sse", [], create(`${task_id}-sse`), 405],
      [`POST ${message}`, [], create(task_id), 202],
      [`POST ${message.replace("clientId", "sessionId")}`, [], notification, 202],
      ["POST /message", [], create(`${task_id}-no-client`), 400],
      ["POST /message?clientId=unknown", [], create(`${task_id}-unknown`), 404],
      [`GET ${message}`, [], undefined, 405],
      [`OPTIONS ${message}`, [], undefined, 405],
      [`DELETE ${message}`, [], undefined, 405],
    ];
  },
  "2025-03-26": sessionCases("2025-03-26"),
  "2025-06-18": sessionCases("2025-06-18"),
  "2025-11-25": sessionCases("2025-11-25"),
  "2026-07-28": async (task_id) => {
    const named = (method: string, name?: string) => [
      "MCP-Protocol-Version: 2026-07-28",
      `Mcp-Method: ${method}`,
      ...(name === undefined ? [] : [`Mcp-Name: ${name}`]),
    ];
    const call = (id: string) => request(1, "tools/call", enveloped({ ...Object(create(id)["params"]) }));
    return [
      ["POST /mcp", named("tools/call", "create_task"), call(task_id), 200],
      ["POST /mcp", [...named("tools/call", "create_task"), "Mcp-Session-Id: stray"], call(`${task_id}-stray`), 200],
      ["POST /mcp", named("notifications/initialized"), { ...notification, params: enveloped() }, 202],
      ["POST /mcp", named("tools/call", "get_task"), call(`${task_id}-mismatch`), 400],
      ["POST /mcp", named("no/such"), request(1, "no/such", enveloped()), 404],
      ["GET /mcp", named("tools/list"), undefined, 405],
      ["OPTIONS /mcp", [], undefined, 405],
      ["PUT /mcp", named("tools/call", "create_task"), call(`${task_id}-put`), 405],
      ["DELETE /mcp", [], undefined, 405],
    ];
  },
};

/** Sends one request, and answers its status and what came with it: of a stream the first event too. */
async function send([first, headers, body, status]: Case, host: string, origin: string) {
  const text = body === undefined ? "" : JSON.stringify(body);
  const content = body === undefined ? [] : ["Content-Type: application/json", `Content-Length: ${text.length}`];
  const { socket, until } = connectRaw(url);
  socket.write(
    head(`${first} HTTP/1.1`, ...[host, origin, ...headers, ...content].filter((line) => line !== "")) + text,
  );
  const called = status === 200 && first.startsWith("POST");
  const received = await until((answer) => {
    const [top = "", rest] = answer.split("\r\n\r\n", 2);
    const length = Number(/^content-length: *(\d+)/im.exec(top)?.[1] ?? 0);
    return (
      rest !== undefined &&
      (top.startsWith("HTTP/1.1 200") && called ? rest.includes('"result"') : rest.length >= length)
    );
  });
  socket.destroy();
  return { status: Number(received.split(" ", 2)[1]), received };
}

const pairs = Object.entries(HOSTS).flatMap(([host, hostPasses]) =>
  Object.entries(ORIGINS).map(([origin, originPasses]) => ({ host, origin, passes: hostPasses && originPasses })),
);
const expected: string[] = [];

test.each(Object.entries(REVISIONS))(
  "%s: every method is answered as the revision says, or 403 by Host and Origin alone",
  async (revision, casesOf) => {
    const wrong: string[] = [];
    let sent = 0;
    for (const [index, { host, origin, passes }] of pairs.entries()) {
      const task_id = `r${revision}-${index}`;
      for (const one of await casesOf(task_id)) {
        const { status, received } = await send(one, host, origin);
        sent++;
        const wanted = passes ? one[3] : 403;
        const body = received.slice(received.indexOf("\r\n\r\n") + 4);
        const inOrder =
          passes ||
          (/^\{"jsonrpc":"2.0","id":null,"error":\{"code":-32000,"message":"Forbidden: /.test(body) &&
            !/^access-control/im.test(received));
        if (status !== wanted || !inOrder) {
          wrong.push(`${one[0]} ${host} ${origin}: ${status} instead of ${wanted}: ${body}`);
        }
        if (passes && JSON.stringify(one[2] ?? "").includes("create_task") && [200, 202].includes(one[3])) {
          expected.push(`${Object(Object(one[2]?.["params"]).arguments).task_id}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(sent).toBeGreaterThan(40);
  },
);

test("only the calls that may pass have reached a tool", async () => {
  const answer = await postStateless(url, "tools/call", { name: "list_tasks", arguments: { limit: 200 } });
  const made = [...(await answer.text()).matchAll(/"task_id":"([^"]+)"/g)].map(([, task_id = ""]) => task_id);
  expect(made.sort()).toEqual(expected.sort());
  expect(made.length).toBe(24);
});

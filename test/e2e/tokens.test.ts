import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { enveloped, postStateless } from "../support/eras.ts";
import { readEvents } from "../support/events.ts";
import { EXECUTABLE, startHttp } from "../support/server.ts";
import { bearer, callTool, INITIALIZE, place, post } from "../support/tokens.ts";

describe("once there was a token", () => {
  test("every endpoint but /health needs one, even after the last is revoked", async () => {
    const { flags, token, create } = place();
    const { url } = await startHttp(flags);
    expect((await post(`${url}/mcp`, INITIALIZE)).status).toBe(200);
    create("codex");
    token("revoke", "codex");
    const requests: [string, () => Promise<Response>][] = [
      ["POST /mcp", () => post(`${url}/mcp`, INITIALIZE)],
      ["POST /mcp, 2026-07-28", () => postStateless(url, "tools/list")],
      ["GET /mcp", () => fetch(`${url}/mcp`)],
      ["DELETE /mcp", () => fetch(`${url}/mcp`, { method: "DELETE" })],
      ["GET /sse", () => fetch(`${url}/sse`)],
      ["POST /message", () => post(`${url}/message?clientId=x`, INITIALIZE)],
      ["GET /nowhere", () => fetch(`${url}/nowhere`)],
    ];
    for (const [what, ask] of requests) {
      const response = await ask();
      expect([what, response.status]).toEqual([what, 401]);
      expect(response.headers.get("www-authenticate")).toMatch(
        /^Bearer .*resource_metadata="http:\/\/127\.0\.0\.1:\d+\//,
      );
    }
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: "ok" });
    const metadata = /resource_metadata="([^"]+)"/.exec(
      (await fetch(`${url}/mcp`)).headers.get("www-authenticate") ?? "",
    );
    expect(await (await fetch(metadata?.[1] ?? "")).json()).toMatchObject({ resource: `${url}/mcp` });
  });

  test("an invalid token is told as such; ten a minute from one address, then 429, while a valid one passes", async () => {
    const { flags, create } = place();
    const valid = create("codex");
    const { url } = await startHttp(flags);
    const wrong = `${valid.slice(0, -1)}${valid.endsWith("x") ? "y" : "x"}`;
    const statuses: number[] = [];
    for (let n = 0; n < 12; n++) {
      const response = await postStateless(url, "tools/list", {}, bearer(n % 2 === 0 ? wrong : "Bearer"));
      statuses.push(response.status);
      if (response.status === 401) {
        expect(response.headers.get("www-authenticate")).toContain('error="invalid_token"');
      } else {
        expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
      }
    }
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
    expect((await postStateless(url, "tools/list", {}, bearer(valid))).status).toBe(200);
  });

  test("the agent of a call comes from the token, and a differing argument is refused, with nothing written", async () => {
    const { flags, create } = place();
    const [codex, claude] = [create("codex"), create("claude")];
    const { url } = await startHttp(flags);
    await callTool(url, codex, "create_task", { task_id: "t", title: "T", goal: "G" });
    expect(await callTool(url, codex, "save_checkpoint", { task_id: "t" })).toMatchObject({ current_owner: "codex" });
    for (const [name, args] of [
      ["save_checkpoint", { task_id: "t", agent: "codex", context: "forged" }],
      ["handoff_task", { task_id: "t", from_agent: "codex" }],
      ["mark_exhausted", { task_id: "t", agent: "codex" }],
      ["update_task", { task_id: "t", agent: "codex", status: "done" }],
      ["claim_task", { task_id: "t", agent: "codex" }],
      ["create_task", { title: "T", goal: "G", agent: "codex" }],
      ["attach_artifact", { task_id: "t", name: "n", content: "c", agent: "codex" }],
    ] as const) {
      expect([name, await callTool(url, claude, name, args)]).toEqual([
        name,
        expect.objectContaining({ code: "forbidden", message: expect.stringContaining('"claude"') }),
      ]);
    }
    expect(await callTool(url, claude, "update_task", { task_id: "t", current_owner: "claude" })).toMatchObject({
      code: "not_owner",
    });
    expect(
      await callTool(url, codex, "save_checkpoint", { task_id: "t", agent: " CODEX ", context: "own" }),
    ).toMatchObject({
      version: 3,
    });
  });

  test("a session and a stream of another token are as good as none", async () => {
    const { flags, create } = place();
    const [codex, claude] = [create("codex"), create("claude")];
    const { url } = await startHttp(flags);
    const opened = await post(`${url}/mcp`, INITIALIZE, bearer(codex));
    const session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" };
    await opened.text();
    const list = { jsonrpc: "2.0", id: 2, method: "tools/list" };
    expect((await post(`${url}/mcp`, list, { ...session, ...bearer(claude) })).status).toBe(404);
    expect((await fetch(`${url}/mcp`, { method: "DELETE", headers: { ...session, ...bearer(claude) } })).status).toBe(
      404,
    );
    expect((await post(`${url}/mcp`, list, { ...session, ...bearer(codex) })).status).toBe(200);
    const events = readEvents(await fetch(`${url}/sse`, { headers: bearer(codex) }));
    const endpoint = `${url}${(await events.next()).value?.data}`;
    expect((await post(endpoint, INITIALIZE, bearer(claude))).status).toBe(404);
    expect((await post(endpoint, INITIALIZE, bearer(codex))).status).toBe(202);
  });

  test("revocation ends every open stream of the token within seconds, and none of another's", async () => {
    const { flags, token, create } = place();
    const [codex, claude] = [create("codex"), create("claude")];
    const { url } = await startHttp(flags);
    const listen = { notifications: { resourcesListChanged: true } };
    const openAll = async (key: string) => {
      const opened = await post(`${url}/mcp`, INITIALIZE, bearer(key));
      const session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" };
      await opened.text();
      const streams = [
        await fetch(`${url}/sse`, { headers: bearer(key) }),
        await fetch(`${url}/mcp`, { headers: { accept: "text/event-stream", ...session, ...bearer(key) } }),
        await postStateless(url, "subscriptions/listen", listen, bearer(key)),
        await postStateless(url, "tools/call", { name: "claim_task", arguments: { wait_seconds: 45 } }, bearer(key)),
      ];
      expect(streams.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      return streams;
    };
    const [revoked, kept] = [await openAll(codex), await openAll(claude)];
    const health = Object(await (await fetch(`${url}/health`, { headers: bearer(claude) })).json());
    expect(health).toMatchObject({ status: "ok", durability: "full", schema: expect.any(Number), sessions: 2 });
    expect(health.streams).toBeGreaterThanOrEqual(8);
    token("revoke", "codex");
    await Promise.all(revoked.map((stream) => stream.text().catch(() => "")));
    for (const stream of kept) {
      const ended = stream.text().then(() => "ended");
      expect(await Promise.race([ended, Bun.sleep(100).then(() => "open")])).toBe("open");
    }
    expect((await postStateless(url, "tools/list", {}, bearer(codex))).status).toBe(401);
  }, 30_000);

  test("a token may make only so many calls a second, each call of a batch counting", async () => {
    const { flags, create } = place();
    const key = bearer(create("codex"));
    const { url } = await startHttp([...flags, "--rate", "3"]);
    const statuses = await Promise.all(
      Array.from({ length: 8 }, async () => (await postStateless(url, "tools/list", {}, key)).status),
    );
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(4);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(3);
  });

  test("no token is in the database, the log or an error", async () => {
    const { folder, flags, create } = place();
    const key = create("codex", "--role", "reader");
    const server = Bun.spawn([EXECUTABLE, "--http", "--port", "0", "--debug", ...flags], { stderr: "pipe" });
    const reader = server.stderr.pipeThrough(new TextDecoderStream()).getReader();
    let log = "";
    while (!log.includes('"listening"')) {
      log += (await reader.read()).value ?? "";
    }
    const url = /"url":"([^"]+)"/.exec(log)?.[1] ?? "";
    const refused = await callTool(url, key, "create_task", { title: key, goal: "G" });
    expect(refused).toMatchObject({ code: "forbidden" });
    const answers = [
      JSON.stringify(refused),
      await (await postStateless(url, "x", enveloped(), bearer(`${key}x`))).text(),
    ];
    server.kill();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      log += part.value;
    }
    const secret = key.slice(13);
    for (const text of [
      log,
      ...answers,
      ...readdirSync(folder).map((file) => readFileSync(join(folder, file), "latin1")),
    ]) {
      expect(text.includes(secret)).toBe(false);
    }
    const db = new Database(join(folder, "tasks.db"));
    expect(db.query("SELECT count(*) AS tokens FROM tokens").get()).toEqual({ tokens: 1 });
    db.close();
  });
});

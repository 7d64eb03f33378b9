import { describe, expect, test } from "bun:test";
import { readEvents } from "../support/events.ts";
import { call, connect, freshStore, refusal, startHttp, startStdio, transports } from "../support/server.ts";

/** The seed's example workflow, line by line as it stands there. */
const TRANSCRIPT = [
  `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2024-11-05","capabilities":{},"clientInfo":{"name":"my-agent","version":"1.0"}}}`,
  `{"jsonrpc":"2.0","method":"notifications/initialized"}`,
  `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"create_task","arguments":{"task_id":"task-001","title":"Fix login bug","goal":"Resolve auth error on /login","repo_path":"/home/dev/myapp"}}}`,
  `{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"save_checkpoint","arguments":{"task_id":"task-001","agent":"claude-code","completed_steps":["Reproduced bug","Found root cause in auth/login.py:42"],"remaining_steps":["Implement fix","Write tests"],"resume_prompt":"Fix null check in auth/login.py line 42"}}}`,
  `{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"handoff_task","arguments":{"task_id":"task-001","from_agent":"claude-code","to_agent":"hermes","reason":"Context limit reached, fix not yet implemented"}}}`,
  `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"get_task","arguments":{"task_id":"task-001"}}}`,
  `{"jsonrpc":"2.0","id":6,"method":"resources/read","params":{"uri":"task://task-001"}}`,
  `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"update_task","arguments":{"task_id":"task-001","title":"Fix login bug","goal":"Implementing solution for auth error","status":"in_progress","current_owner":"hermes","completed_steps":["Reproduced bug","Found root cause","Implemented fix"],"remaining_steps":["Write tests","Deploy to staging"]}}}`,
];

/** What the first run answers, by id. */
const ANSWERS: Record<number, unknown> = {
  1: { result: { protocolVersion: "2024-11-05", serverInfo: { name: "mcp-task-server" } } },
  2: { result: { structuredContent: { task_id: "task-001", status: "open", version: 1, created: true } } },
  3: {
    result: { structuredContent: { status: "in_progress", current_owner: "claude-code", version: 2, checkpoint: 1 } },
  },
  4: { result: { structuredContent: { status: "handoff_ready", current_owner: "hermes", version: 3 } } },
  5: {
    result: {
      structuredContent: {
        task_id: "task-001",
        goal: "Resolve auth error on /login",
        repo_path: "/home/dev/myapp",
        status: "handoff_ready",
        completed_steps: ["Reproduced bug", "Found root cause in auth/login.py:42"],
        remaining_steps: ["Implement fix", "Write tests"],
        resume_prompt: "Fix null check in auth/login.py line 42",
        handoff: {
          from_agent: "claude-code",
          to_agent: "hermes",
          reason: "Context limit reached, fix not yet implemented",
        },
      },
    },
  },
  6: { result: { contents: [{ uri: "task://task-001", mimeType: "application/json" }] } },
  7: { result: { structuredContent: { status: "in_progress", current_owner: "hermes", version: 4 } } },
};

describe("the seed's example workflow", () => {
  test("line by line on one connection answers as the seed says, and survives a second run", async () => {
    const store = freshStore();
    const first = startStdio(store);
    for (const line of TRANSCRIPT) {
      first.write(`${line}\n`);
      const { id } = JSON.parse(line);
      if (id !== undefined) {
        expect(await first.next((message) => message["id"] === id)).toMatchObject({ ...Object(ANSWERS[id]), id });
      }
    }
    expect(await first.end()).toBe(0);
    expect(first.received.filter(({ id }) => id !== undefined)).toHaveLength(7);

    const second = startStdio(store);
    second.write(`${TRANSCRIPT.join("\n")}\n`);
    expect(await second.end()).toBe(0);
    const answer = (id: number) => second.received.find((message) => message["id"] === id);
    expect(answer(2)).toMatchObject({ result: { structuredContent: { created: false, status: "in_progress" } } });
    expect(answer(3)).toMatchObject({ result: { isError: true } });
    expect(JSON.stringify(answer(3))).toContain("hermes");
    expect(answer(7)).toMatchObject({ result: { structuredContent: { version: 4 } } });
  });

  test("all at once on one pipe is worked through in the order it was sent", async () => {
    const server = startStdio(freshStore());
    server.write(`${TRANSCRIPT.join("\n")}\n`);
    expect(await server.end()).toBe(0);
    for (const [id, expected] of Object.entries(ANSWERS)) {
      expect(server.received.find((message) => message["id"] === Number(id))).toMatchObject(Object(expected));
    }
  });

  test("the same over the seed's event stream, by hand", async () => {
    const { url } = await startHttp(freshStore());
    const stream = await fetch(`${url}/sse`);
    expect(stream.headers.get("content-type")).toBe("text/event-stream");
    const events = readEvents(stream);
    const endpoint = (await events.next()).value;
    expect(endpoint?.event).toBe("endpoint");
    expect(endpoint?.data).toMatch(/^\/message\?clientId=[\w-]+$/);
    for (const line of TRANSCRIPT) {
      const posted = await fetch(`${url}${endpoint?.data}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: line,
      });
      expect(posted.status).toBe(202);
      const { id } = JSON.parse(line);
      if (id !== undefined) {
        let answer = JSON.parse((await events.next()).value?.data ?? "");
        while (answer.method !== undefined) {
          answer = JSON.parse((await events.next()).value?.data ?? "");
        }
        expect(answer).toMatchObject({ ...Object(ANSWERS[id]), id });
      }
    }
    await events.return(undefined);
  });

  test("agent A over stdio and agent B over HTTP share one store across restarts", async () => {
    const store = freshStore();
    const a = await connect(transports.stdio(store), "claude-code");
    await call(a, "create_task", { task_id: "t", title: "Title", goal: "Goal" });
    await call(a, "save_checkpoint", { task_id: "t", remaining_steps: ["go on"] });
    await call(a, "handoff_task", { task_id: "t", to_agent: "hermes" });
    await a.close();
    const { url } = await startHttp(store);
    const b = await connect(transports.http(url), "hermes");
    expect(await call(b, "get_task", { task_id: "t" })).toMatchObject({
      remaining_steps: ["go on"],
      status: "handoff_ready",
    });
    expect(await call(b, "save_checkpoint", { task_id: "t", completed_steps: ["went on"] })).toMatchObject({
      status: "in_progress",
      current_owner: "hermes",
      checkpoint: 2,
    });
    const late = await connect(transports.sse(url), "claude-code");
    expect(await refusal(late, "save_checkpoint", { task_id: "t", completed_steps: ["too late"] })).toMatchObject({
      code: "not_owner",
      details: { current_owner: "hermes" },
    });
  });
});

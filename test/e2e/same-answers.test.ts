import { describe, expect, test } from "bun:test";
import { type Ask, postStateless, statelessly } from "../support/eras.ts";
import { readEvents } from "../support/events.ts";
import { freshStore, startHttp, startStdio } from "../support/server.ts";

type Message = Record<string, unknown>;

const call = (name: string, args: Message) => ["tools/call", { name, arguments: args }] as const;
const keyed = (key: unknown, name: string, args: Message) =>
  ["tools/call", { name, arguments: args, _meta: { "mcp-task-server/idempotencyKey": key } }] as const;

/** One story, told to every way in; ids and names are fixed, so that only times may differ. */
const CORPUS: readonly (readonly [string, Message?])[] = [
  ["tools/list"],
  ["prompts/list"],
  ["resources/templates/list"],
  call("create_task", {
    task_id: "t",
    title: "Fix login",
    goal: "Works",
    repo_path: "/r",
    tags: ["x"],
    agent: "planner",
  }),
  call("create_task", { task_id: "t", title: "Fix login", goal: "Works", repo_path: "/r", tags: ["x"] }),
  call("create_task", { task_id: "t", title: "Other", goal: "Works" }),
  call("save_checkpoint", {
    task_id: "t",
    agent: "a",
    completed_steps: ["one"],
    remaining_steps: ["two"],
    resume_prompt: "go",
  }),
  call("save_checkpoint", { task_id: "t", agent: "b", completed_steps: ["mine"] }),
  call("handoff_task", { task_id: "t", from_agent: "a", to_agent: "b", reason: "limit" }),
  call("attach_artifact", { task_id: "t", name: "log", kind: "log", content: "text", agent: "a" }),
  call("get_artifact", { task_id: "t", artifact: "log", offset: 1, limit: 2 }),
  call("get_artifact", { task_id: "t", artifact: "nope" }),
  call("list_tasks", { owner: "b" }),
  call("get_task", { task_id: "t" }),
  call("get_task", { task_id: "t", view: "history" }),
  call("get_task", { task_id: "t", view: "brief" }),
  call("get_task", { task_id: "nope" }),
  call("update_task", { task_id: "t", agent: "b", status: "done" }),
  call("update_task", { task_id: "t", agent: "b", status: "handoff_ready" }),
  call("mark_exhausted", { task_id: "t", agent: "b", unknown: 1 }),
  keyed("k", "update_task", { task_id: "t", title: "One" }),
  call("update_task", { task_id: "t", title: "Two" }),
  keyed("k", "update_task", { title: "One", task_id: "t" }),
  keyed("k", "update_task", { task_id: "t", title: "Three" }),
  keyed(1, "update_task", { task_id: "t", title: "Three" }),
  ["resources/list"],
  ["resources/read", { uri: "task://t" }],
  ["resources/read", { uri: "task://t/brief" }],
  ["resources/read", { uri: "task://t/checkpoints/1" }],
  ["resources/read", { uri: "task://t/artifacts/log" }],
  ["prompts/get", { name: "resume_task", arguments: { task_id: "t" } }],
  [
    "completion/complete",
    { ref: { type: "ref/prompt", name: "resume_task" }, argument: { name: "task_id", value: "t" } },
  ],
  ["tools/call", { name: "nope" }],
  ["prompts/get", { name: "nope" }],
];

/** What differs by design: times, random ids, and the envelope of 2026-07-28. */
function payload({ result, error }: Message): unknown {
  const text = JSON.stringify({ result, error }, (key, value) =>
    ["_meta", "resultType", "ttlMs", "cacheScope"].includes(key) ? undefined : value,
  );
  return JSON.parse(
    text
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
      .replaceAll(/\b[0-9a-hjkmnp-tv-z]{15}\b/g, "ID")
      .replaceAll(/(?<=lease_token[\\":]+)[0-9a-z]{12}/g, "TOKEN"),
  );
}

async function tell(ask: Ask): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (const [method, params] of CORPUS) {
    answers.push(payload(await ask(method, params)));
  }
  return answers;
}

const INITIALIZE = {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "test-client", version: "1.0" },
};
const JSON_HEADERS = { "content-type": "application/json", accept: "application/json, text/event-stream" };

const overSession = async (): Promise<Ask> => sessionOn((await startHttp(alike())).url);

async function overEventStream(): Promise<Ask> {
  const { url } = await startHttp(alike());
  const events = readEvents(await fetch(`${url}/sse`));
  const endpoint = `${url}${(await events.next()).value?.data}`;
  const ask: Ask = async (method, params) => {
    await fetch(endpoint, {
      method: "POST",
      headers: JSON_HEADERS,
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    for (;;) {
      const message = JSON.parse((await events.next()).value?.data ?? "null");
      if (message?.id === 1) {
        return message;
      }
    }
  };
  await ask("initialize", INITIALIZE);
  return ask;
}

async function overStdio(): Promise<Ask> {
  const server = startStdio(alike());
  await server.initialize();
  return (method, params) => server.request(method, params);
}

/** Repositories are looked at over every transport. */
function alike(): string[] {
  return [...freshStore(), "--drift", "on"];
}

describe("the same answer everywhere", () => {
  test("one story told over stdio, SSE, a session and 2026-07-28 has the same results", async () => {
    const { url } = await startHttp(alike());
    const stateless: Ask = async (method, params) => Object(await (await postStateless(url, method, params)).json());
    const reference = await tell(await overStdio());
    expect(reference).toHaveLength(CORPUS.length);
    expect(JSON.stringify(reference)).toContain("not_owner");
    expect(JSON.stringify(reference)).toContain("idempotency key");
    for (const ask of [await overEventStream(), await overSession(), stateless, statelessly(startStdio(alike()))]) {
      expect(await tell(ask)).toEqual(reference);
    }
  });

  test("50 clients with equal ids at the same time: no answer crosses over", async () => {
    const calls = Number(Bun.env["CROSSTALK_CALLS"] ?? 1000);
    const { url } = await startHttp(alike());
    const clients = Array.from({ length: 50 }, async (_, client) => {
      const stateless: Ask = async (method, params) => Object(await (await postStateless(url, method, params)).json());
      const ask = client % 2 === 0 ? stateless : await sessionOn(url);
      const task_id = `client-${client}`;
      await ask("tools/call", { name: "create_task", arguments: { task_id, title: task_id, goal: "" } });
      for (let n = 0; n < calls; n++) {
        const answer = await ask("tools/call", { name: "get_task", arguments: { task_id } });
        expect(Object(answer["result"]).structuredContent.title).toBe(task_id);
      }
      return calls;
    });
    expect((await Promise.all(clients)).reduce((sum, one) => sum + one, 0)).toBe(50 * calls);
  }, 600_000);
});

async function sessionOn(url: string): Promise<Ask> {
  const post = (headers: Record<string, string>, message: Message) =>
    fetch(`${url}/mcp`, {
      method: "POST",
      headers: { ...JSON_HEADERS, ...headers },
      body: JSON.stringify({ jsonrpc: "2.0", ...message }),
    });
  const opened = await post({}, { id: 0, method: "initialize", params: INITIALIZE });
  const session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" };
  await opened.text();
  return async (method, params) => {
    const { value } = await readEvents(await post(session, { id: 1, method, params })).next();
    return JSON.parse(value?.data ?? "null");
  };
}

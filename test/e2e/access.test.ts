import { describe, expect, test } from "bun:test";
import { postStateless } from "../support/eras.ts";
import { EXECUTABLE, startHttp } from "../support/server.ts";
import { bearer, callTool, INITIALIZE, place, post } from "../support/tokens.ts";

type Args = Record<string, unknown>;

/** Each tool, with a call that anyone who may is answered. `fresh` makes what the call needs. */
const CALLS: readonly [name: string, needs: "reader" | "worker" | "admin", args: (n: number) => Args][] = [
  ["create_task", "worker", () => ({ title: "T", goal: "G" })],
  ["get_task", "reader", () => ({ task_id: "t" })],
  ["get_task", "reader", () => ({ task_id: "t", view: "brief" })],
  ["get_task", "reader", () => ({ task_id: "t", view: "history" })],
  ["save_checkpoint", "worker", (n) => ({ task_id: `own-${n}`, context: "c" })],
  ["handoff_task", "worker", (n) => ({ task_id: `own-${n}` })],
  ["claim_task", "worker", (n) => ({ task_id: `own-${n}` })],
  ["claim_task", "admin", (n) => ({ task_id: `own-${n}`, force: true, reason: "r" })],
  ["mark_exhausted", "worker", (n) => ({ task_id: `own-${n}` })],
  ["attach_artifact", "worker", () => ({ task_id: "t", name: "n", content: "c" })],
  ["get_artifact", "reader", () => ({ task_id: "t", artifact: "seed" })],
  ["list_tasks", "reader", () => ({})],
  ["list_tasks", "reader", () => ({ query: "words" })],
  ["update_task", "worker", () => ({ task_id: "t", title: "New" })],
];

const URIS = ["task://t", "task://t/brief", "task://t/checkpoints/1", "task://t/artifacts/seed"];
const ROLES = ["reader", "worker", "admin"] as const;

const { flags, create, token } = place();
const { url } = await startHttp(flags);
const keys = Object.fromEntries(ROLES.map((role) => [role, create(role, "--role", role)]));
const revoked = create("gone");
token("revoke", "gone");
const seeder = create("seeder");
await callTool(url, seeder, "create_task", { task_id: "t", title: "T", goal: "words" });
await callTool(url, seeder, "save_checkpoint", { task_id: "t", context: "c" });
await callTool(url, seeder, "attach_artifact", { task_id: "t", name: "seed", content: "c" });

/** A task that the role's agent owns, in a state in which every command of an owner is accepted. */
async function ownTask(agent: string, n: number): Promise<void> {
  await callTool(url, seeder, "create_task", { task_id: `own-${n}`, title: "T", goal: "G" });
  await callTool(url, seeder, "update_task", { task_id: `own-${n}`, current_owner: "seeder" });
  await callTool(url, seeder, "update_task", { task_id: `own-${n}`, current_owner: agent });
}

const tools = Object(await (await postStateless(url, "tools/list", {}, bearer(keys["reader"] ?? ""))).json()).result
  .tools;

describe("the access table", () => {
  test("holds every tool there is", () => {
    const names: string[] = tools.map((tool: { name: string }) => tool.name);
    expect(names.length).toBe(10);
    expect(new Set(CALLS.map(([name]) => name))).toEqual(new Set(names));
  });

  let n = 0;
  test.each(CALLS.flatMap(([name, needs, args]) => ROLES.map((role) => ({ name, needs, role, args }))))(
    "$name of a $role is answered or forbidden: it takes a $needs",
    async ({ name, needs, role, args }) => {
      n++;
      await ownTask(role, n);
      const answer = await callTool(url, keys[role] ?? "", name, args(n));
      const allowed = ROLES.indexOf(role) >= ROLES.indexOf(needs);
      expect(answer.code).toBe(allowed ? undefined : "forbidden");
      if (!allowed) {
        expect(answer.message).toContain(`a token with role ${needs} is accepted`);
        expect((await callTool(url, seeder, "get_task", { task_id: `own-${n}` })).current_owner).toBe(role);
      }
    },
  );

  test("every resource, list, prompt, completion and stream is open to a reader, and to no revoked token", async () => {
    const asked: [string, Args][] = [
      ...URIS.map((uri): [string, Args] => ["resources/read", { uri }]),
      ["resources/list", {}],
      ["resources/templates/list", {}],
      ["prompts/list", {}],
      ["prompts/get", { name: "resume_task", arguments: { task_id: "t" } }],
      [
        "completion/complete",
        { ref: { type: "ref/prompt", name: "resume_task" }, argument: { name: "task_id", value: "" } },
      ],
      ["server/discover", {}],
      ["tools/list", {}],
      ["subscriptions/listen", { notifications: { resourcesListChanged: true } }],
    ];
    for (const [method, params] of asked) {
      const opened = await postStateless(url, method, params, bearer(keys["reader"] ?? ""));
      expect([method, opened.status]).toEqual([method, 200]);
      await opened.body?.cancel();
      expect([401, 429]).toContain((await postStateless(url, method, params, bearer(revoked))).status);
      const refused = await postStateless(url, method, params, { authorization: null });
      expect([method, refused.status]).toEqual([method, 401]);
    }
    const stream = await fetch(`${url}/sse`, { headers: bearer(keys["reader"] ?? "") });
    expect(stream.status).toBe(200);
    await stream.body?.cancel();
  });

  test("a session has its token's role, too", async () => {
    const opened = await post(`${url}/mcp`, INITIALIZE, bearer(keys["reader"] ?? ""));
    const headers = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "", ...bearer(keys["reader"] ?? "") };
    await opened.text();
    const params = { name: "create_task", arguments: { title: "T", goal: "G" } };
    const answer = await (
      await post(`${url}/mcp`, { jsonrpc: "2.0", id: 2, method: "tools/call", params }, headers)
    ).text();
    expect(answer).toContain("forbidden");
  });
});

describe("a host other than loopback", () => {
  const start = (store: string[], ...more: string[]) => {
    const { exitCode, stderr } = Bun.spawnSync([EXECUTABLE, "--http", "--port", "0", ...store, ...more], {
      timeout: 10_000,
    });
    return { exitCode, stderr: stderr.toString() };
  };

  test("is refused without tokens, and every address at once without a name", () => {
    const bare = place();
    expect(start(bare.flags, "--host", "0.0.0.0")).toMatchObject({
      exitCode: 78,
      stderr: expect.stringContaining("token create"),
    });
    bare.create("codex");
    expect(start(bare.flags, "--host", "0.0.0.0")).toMatchObject({
      exitCode: 78,
      stderr: expect.stringContaining("--allow-host"),
    });
    expect(start(bare.flags, "--allow-host", "a b")).toMatchObject({ exitCode: 2 });
    expect(start(bare.flags, "--allow-origin", "app.example.com")).toMatchObject({ exitCode: 2 });
  });

  test("with tokens and names it serves exactly those names, and pages of exactly those origins", async () => {
    const open = place();
    const key = open.create("codex");
    const names = [
      "--allow-host",
      "tasks.example.com",
      "--allow-host=other.example.com:99",
      "--allow-origin",
      "https://app.example.com",
    ];
    const { url: bound } = await startHttp([...open.flags, "--host", "0.0.0.0", ...names]);
    const address = `http://127.0.0.1:${new URL(bound).port}`;
    const ask = async (host: string, origin?: string) =>
      (await postStateless(address, "tools/list", {}, { host, ...(origin && { origin }), ...bearer(key) })).status;
    const { port } = new URL(bound);
    expect(await ask("tasks.example.com")).toBe(200);
    expect(await ask(`TASKS.example.com:${port}`)).toBe(200);
    expect(await ask("other.example.com:99")).toBe(200);
    expect(await ask("localhost", "https://app.example.com")).toBe(200);
    for (const [host, origin] of [
      ["evil.example.com"],
      ["tasks.example.com.evil.com"],
      ["0.0.0.0"],
      ["tasks.example.com", "https://evil.example.com"],
      ["tasks.example.com", "http://app.example.com"],
      ["tasks.example.com", "null"],
    ] as const) {
      expect([host, origin, await ask(host, origin)]).toEqual([host, origin, 403]);
    }
    const headers = {
      origin: "https://app.example.com",
      "access-control-request-headers": "authorization, content-type",
    };
    const preflight = await fetch(`${address}/mcp`, { method: "OPTIONS", headers });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
    expect(preflight.headers.get("access-control-allow-headers")).toBe("authorization, content-type");
    const plain = await fetch(`${address}/health`);
    expect([...plain.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

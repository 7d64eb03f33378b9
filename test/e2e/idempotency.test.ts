import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { enveloped } from "../support/eras.ts";
import { temporaryFolder } from "../support/folder.ts";
import { freshStore, type StdioServer, startStdio } from "../support/server.ts";

type Message = Record<string, unknown>;

/** Calls a tool under a key; answers its structured content, or its refusal. */
async function call(server: StdioServer, name: string, args: Message, key?: unknown): Promise<Message> {
  const _meta = key === undefined ? {} : { "mcp-task-server/idempotencyKey": key };
  const { result } = await server.request("tools/call", enveloped({ name, arguments: args, _meta }));
  const { content, structuredContent } = Object(result);
  return structuredContent ?? JSON.parse(content[0].text);
}

const NEW = { title: "Title", goal: "Goal" };

describe("a write under an idempotency key", () => {
  test("without a task_id makes one task, however often it is sent", async () => {
    const server = startStdio(freshStore());
    const first = await call(server, "create_task", NEW, "k");
    expect(first).toMatchObject({ created: true });
    expect(await call(server, "create_task", NEW, "k")).toEqual(first);
    expect(await call(server, "create_task", NEW, "other")).not.toEqual(first);
    expect(await call(server, "create_task", NEW)).not.toEqual(first);
    expect((await call(server, "list_tasks", {}))["tasks"]).toHaveLength(3);
  });

  test("is remembered after a kill, by another process", async () => {
    const store = freshStore();
    const server = startStdio(store);
    const first = await call(server, "create_task", NEW, "k");
    server.process.kill("SIGKILL");
    await server.process.exited;
    const next = startStdio(store);
    expect(await call(next, "create_task", NEW, "k")).toEqual(first);
    expect((await call(next, "list_tasks", {}))["tasks"]).toHaveLength(1);
  });

  test("is the same call in whatever order its arguments come, with null for what is absent", async () => {
    const server = startStdio(freshStore());
    const run = { suite: "unit", status: "passed", passed: 3 };
    const moved = { passed: 3, status: "passed", suite: "unit" };
    await call(server, "create_task", { ...NEW, task_id: "t" });
    const first = await call(server, "save_checkpoint", { task_id: "t", test_results: [run], agent: "a" }, "k");
    expect(first).toMatchObject({ checkpoint: 1 });
    await call(server, "save_checkpoint", { task_id: "t", agent: "a", context: "more" });
    const again = { agent: "a", test_results: [moved], resume_prompt: null, task_id: "t" };
    expect(await call(server, "save_checkpoint", again, "k")).toEqual(first);
  });

  test("with other arguments is a conflict, and nothing is written", async () => {
    const server = startStdio(freshStore());
    await call(server, "create_task", NEW, "k");
    expect(await call(server, "create_task", { ...NEW, goal: "Other" }, "k")).toEqual({
      code: "conflict",
      message:
        'Cannot call tool "create_task": its idempotency key "k" was used with other arguments; ' +
        "the arguments of the first call are accepted, or a new key",
    });
    expect((await call(server, "list_tasks", {}))["tasks"]).toHaveLength(1);
  });

  test("belongs to its caller and its tool", async () => {
    const server = startStdio(freshStore());
    await call(server, "create_task", { ...NEW, task_id: "t" }, "k");
    const offer = { task_id: "t", from_agent: "a", reason: "limit" };
    expect(await call(server, "handoff_task", offer, "k")).toMatchObject({ version: 2 });
    expect(await call(server, "handoff_task", { ...offer, from_agent: "b" }, "k")).toMatchObject({ version: 3 });
    expect(await call(server, "handoff_task", { ...offer, from_agent: " A " }, "k")).toMatchObject({
      code: "conflict",
    });
    expect(await call(server, "handoff_task", offer, "k")).toMatchObject({ version: 2 });
  });

  test("that was refused may be tried again", async () => {
    const server = startStdio(freshStore());
    const checkpoint = { task_id: "t", agent: "a", completed_steps: ["one"] };
    expect(await call(server, "save_checkpoint", checkpoint, "k")).toMatchObject({ code: "not_found" });
    await call(server, "create_task", { ...NEW, task_id: "t" });
    expect(await call(server, "save_checkpoint", checkpoint, "k")).toMatchObject({ checkpoint: 1 });
  });

  test("keeps the first artifact, though the file at its path has changed or gone", async () => {
    const server = startStdio(freshStore());
    const repo_path = temporaryFolder();
    Bun.spawnSync(["git", "init", "-q", repo_path]);
    const file = join(repo_path, "log.txt");
    writeFileSync(file, "first");
    await call(server, "create_task", { ...NEW, task_id: "t", repo_path });
    const attached = { task_id: "t", name: "log", path: "log.txt" };
    const first = await call(server, "attach_artifact", attached, "k");
    expect(first).toMatchObject({ size: 5 });
    writeFileSync(file, "changed");
    expect(await call(server, "attach_artifact", attached, "k")).toEqual(first);
    rmSync(file);
    expect(await call(server, "attach_artifact", attached, "k")).toEqual(first);
    expect((await call(server, "get_task", { task_id: "t" }))["artifacts"]).toHaveLength(1);
  });

  test.each([
    ["redact", { redacted: 3 }],
    ["warn", { secrets_found: 3 }],
  ])("is told again what secrets the first one had, of the file too (--secrets %s)", async (mode, told) => {
    const server = startStdio([...freshStore(), "--secrets", mode]);
    const repo_path = temporaryFolder();
    Bun.spawnSync(["git", "init", "-q", repo_path]);
    const token = `ghp_${"aB3dE5gH7j".repeat(4).slice(0, 36)}`;
    writeFileSync(join(repo_path, "f"), `${token}\n${token}\n`);
    await call(server, "create_task", { ...NEW, task_id: "t", repo_path });
    const attached = { task_id: "t", name: `of ${token}`, path: "f" };
    const first = await call(server, "attach_artifact", attached, "k");
    expect(first).toMatchObject(told);
    rmSync(join(repo_path, "f"));
    expect(JSON.stringify(await call(server, "attach_artifact", attached, "k"))).toBe(JSON.stringify(first));
    const bytes = { task_id: "t", name: "bytes", content_base64: Buffer.from(token).toString("base64") };
    const other = await call(server, "attach_artifact", bytes, "bytes");
    expect(Object.keys(other).at(-1)).toBe(Object.keys(told)[0]);
    expect(JSON.stringify(await call(server, "attach_artifact", bytes, "bytes"))).toBe(JSON.stringify(other));
  });

  test.each<[string, unknown]>([
    ["a number", 1],
    ["null", null],
    ["empty", ""],
    ["an object", {}],
    ["a list", ["k"]],
    ["longer than 128 characters", "k".repeat(129)],
    ["no well-formed text", "\ud800"],
  ])("is refused where the key is %s", async (_, key) => {
    const server = startStdio(freshStore());
    expect(await call(server, "create_task", NEW, key)).toEqual({
      code: "invalid",
      message:
        'Cannot call tool "create_task": _meta["mcp-task-server/idempotencyKey"] is no key; ' +
        "a string of 1–128 characters is accepted, a new one for each write",
    });
    expect((await call(server, "list_tasks", {}))["tasks"]).toEqual([]);
  });

  test("of 128 characters is accepted, whatever they are, and reads need none", async () => {
    const server = startStdio(freshStore());
    const key = "\u{1f642}'\n\u0000".repeat(32);
    const first = await call(server, "create_task", NEW, key);
    expect(first).toMatchObject({ created: true });
    expect(await call(server, "create_task", NEW, key)).toEqual(first);
    expect(await call(server, "list_tasks", { limit: 1 }, "k")).toMatchObject({ tasks: [{}] });
    expect(await call(server, "list_tasks", { limit: 2 }, "k")).toMatchObject({ tasks: [{}] });
  });
});

describe("a write that is sent again without a key", () => {
  test("is acknowledged with the token that the first call has made stale, and is written once", async () => {
    const server = startStdio(freshStore());
    await call(server, "create_task", { ...NEW, task_id: "t" });
    const claim = { task_id: "t", agent: "a" };
    const { lease_token } = await call(server, "claim_task", claim);
    const offer = { task_id: "t", from_agent: "a", to_agent: "b", reason: "limit", lease_token };
    const offered = await call(server, "handoff_task", offer);
    expect(offered).toMatchObject({ status: "handoff_ready", current_owner: "b", version: 3 });
    expect(await call(server, "handoff_task", offer)).toEqual(offered);
    const accepted = await call(server, "claim_task", { task_id: "t", agent: "b" });
    expect(await call(server, "handoff_task", offer)).toMatchObject({ status: "in_progress", current_owner: "b" });
    const done = {
      task_id: "t",
      agent: "b",
      status: "done",
      expected_version: 4,
      lease_token: accepted["lease_token"],
    };
    const finished = await call(server, "update_task", done);
    expect(finished).toMatchObject({ status: "done", version: 5 });
    expect(await call(server, "update_task", done)).toEqual(finished);
    const { events } = await call(server, "get_task", { task_id: "t", view: "history" });
    expect(events).toHaveLength(5);
  });

  test("takes the next task twice, unless it has a key", async () => {
    const server = startStdio(freshStore());
    const next = { agent: "a", repo_path: "*" };
    expect(await call(server, "claim_task", next, "k")).toMatchObject({ message: expect.any(String) });
    for (const task_id of ["one", "two", "three"]) {
      await call(server, "create_task", { ...NEW, task_id });
    }
    const first = await call(server, "claim_task", next, "k");
    expect(first).toMatchObject({ task: { task_id: "one" }, lease_token: expect.any(String) });
    const again = await call(server, "claim_task", next, "k");
    expect([again["task"], again["lease_token"]]).toEqual([first["task"], first["lease_token"]]);
    expect(await call(server, "claim_task", next)).toMatchObject({ task: { task_id: "two" } });
    expect(await call(server, "claim_task", next)).toMatchObject({ task: { task_id: "three" } });
  });
});

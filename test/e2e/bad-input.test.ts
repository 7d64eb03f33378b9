import { describe, expect, test } from "bun:test";
import { call, connect, freshStore, refusal, transports } from "../support/server.ts";

const client = await connect(transports.stdio(freshStore()), "tester");
await call(client, "create_task", { task_id: "t", title: "T", goal: "G" });
const before = await call(client, "get_task", { task_id: "t" });

const long = (length: number) => "x".repeat(length);
const KIB = 1024;

/** Arguments that are refused: tool, arguments, code, and what the message must say. */
const REFUSED: readonly [string, Record<string, unknown>, string, RegExp][] = [
  ["create_task", {}, "invalid", /"title".*1–200|"title".*Short title/],
  ["create_task", { title: "", goal: "" }, "invalid", /title.*1–200/],
  ["create_task", { title: "x", goal: "", task_id: "../x" }, "invalid", /A-Z a-z 0-9/],
  ["create_task", { title: "x", goal: "", task_id: long(129) }, "invalid", /1–128/],
  ["create_task", { title: long(201), goal: "" }, "too_large", /201 characters; at most 200/],
  ["create_task", { title: "x", goal: long(64 * KIB + 1) }, "too_large", /65537 bytes; at most 65536/],
  ["create_task", { title: "x", goal: "ü".repeat(32 * KIB + 1) }, "too_large", /65538 bytes/],
  ["create_task", { title: "x", goal: "", priority: 5 }, "invalid", /priority/],
  ["create_task", { title: "x", goal: "", tags: Array.from({ length: 33 }, (_, n) => `${n}`) }, "too_large", /tags/],
  ["create_task", { title: "x", goal: "", tags: [long(65)] }, "too_large", /64/],
  ["create_task", { title: "x", goal: "", owner: "me" }, "invalid", /unknown argument "owner".*task_id, title, goal/],
  ["create_task", { task_id: "t", title: "other", goal: "G" }, "conflict", /update_task/],
  ["get_task", { task_id: "nope" }, "not_found", /list_tasks/],
  ["get_task", { task_id: "t", checkpoint: 7 }, "not_found", /has none yet/],
  ["get_task", { task_id: "t", view: "history", cursor: "x" }, "invalid", /next_cursor/],
  ["save_checkpoint", { task_id: "nope" }, "not_found", /nope/],
  ["save_checkpoint", { task_id: "t", completed_steps: "one" }, "invalid", /completed_steps/],
  ["save_checkpoint", { task_id: "t", completed_steps: Array.from({ length: 257 }, () => "x") }, "too_large", /256/],
  ["save_checkpoint", { task_id: "t", completed_steps: [long(2 * KIB + 1)] }, "too_large", /2048/],
  ["save_checkpoint", { task_id: "t", test_results: [{ status: "green" }] }, "invalid", /passed.*failed/],
  [
    "save_checkpoint",
    { task_id: "t", test_results: [{ status: "passed", name: "x" }] },
    "invalid",
    /unknown argument "name" in test_results/,
  ],
  [
    "save_checkpoint",
    { task_id: "t", test_results: [{ status: "passed", output: long(16 * KIB + 1) }] },
    "too_large",
    /16384/,
  ],
  ["save_checkpoint", { task_id: "t", context: long(64 * KIB + 1) }, "too_large", /context/],
  ["save_checkpoint", { task_id: "t", agent: long(65) }, "too_large", /64/],
  ["save_checkpoint", { task_id: "t", agent: "a\nb" }, "invalid", /printable/],
  ["save_checkpoint", { task_id: "t", context: "\ud800" }, "invalid", /surrogate/],
  ["save_checkpoint", { task_id: "t", completed_steps: ["a\u0000"] }, "invalid", /U\+0000/],
  ["save_checkpoint", { task_id: "t", test_results: [{ status: "passed", passed: 2 ** 53 }] }, "invalid", /2\^53/],
  ["handoff_task", { task_id: "t", to_agent: "tester" }, "invalid", /itself/],
  ["handoff_task", { task_id: "t", to_agent: "" }, "invalid", /1–64/],
  ["handoff_task", { task_id: "t", reason: long(2049) }, "too_large", /2048/],
  ["mark_exhausted", { task_id: "t" }, "illegal_transition", /in_progress/],
  ["mark_exhausted", { task_id: "t", resets_at: "soon" }, "invalid", /2026-/],
  ["attach_artifact", { task_id: "t", name: "a" }, "invalid", /exactly one/],
  ["attach_artifact", { task_id: "t", name: "a", content: "x", path: "y" }, "invalid", /exactly one/],
  ["attach_artifact", { task_id: "t", name: "", content: "x" }, "invalid", /1–200/],
  ["attach_artifact", { task_id: "t", name: "a\u0007", content: "x" }, "invalid", /control/],
  ["attach_artifact", { task_id: "t", name: "a", content_base64: "!" }, "invalid", /Base64/],
  ["attach_artifact", { task_id: "t", name: "a", content: "x", mime_type: "text" }, "invalid", /text\/plain/],
  ["attach_artifact", { task_id: "nope", name: "a", content: "x" }, "not_found", /nope/],
  ["attach_artifact", { task_id: "t", name: "a", content: long(10 * KIB * KIB + 1) }, "too_large", /10485760/],
  ["get_artifact", { task_id: "t" }, "invalid", /"artifact".*required/],
  ["get_artifact", { task_id: "t", artifact: "" }, "invalid", /id or name/],
  ["get_artifact", { task_id: "t", artifact: long(201) }, "too_large", /201 characters; at most 200/],
  ["get_artifact", { task_id: "t", artifact: "a", offset: -1 }, "invalid", /offset/],
  ["get_artifact", { task_id: "t", artifact: "a", offset: 0.5 }, "invalid", /offset/],
  ["get_artifact", { task_id: "t", artifact: "a", limit: 0 }, "invalid", /limit/],
  ["get_artifact", { task_id: "t", artifact: "a" }, "not_found", /has none yet/],
  ["list_tasks", { limit: 0 }, "invalid", /limit/],
  ["list_tasks", { limit: 201 }, "invalid", /200/],
  ["list_tasks", { status: "closed" }, "invalid", /open.*cancelled/],
  ["list_tasks", { cursor: "made-up" }, "invalid", /next_cursor/],
  ["list_tasks", { updated_since: "yesterday" }, "invalid", /2026-/],
  ["update_task", { task_id: "t", status: "handoff_ready" }, "illegal_transition", /handoff_task/],
  ["update_task", { task_id: "t", expected_version: 9 }, "version_mismatch", /version 1, not 9/],
];

describe("bad input", () => {
  test.each(
    REFUSED.map(([tool, args, code, says]) => ({ tool, args, code, says, shown: JSON.stringify(args).slice(0, 60) })),
  )("$tool $shown answers $code", async ({ tool, args, code, says }) => {
    const refused = await refusal(client, tool, args);
    expect(refused.code).toBe(code);
    expect(refused.message).toMatch(says);
    expect(refused.message).toMatch(/^Cannot [a-z]/);
    expect(refused.message).not.toMatch(/\.$/);
  });

  test("has left nothing behind", async () => {
    expect(await call(client, "get_task", { task_id: "t" })).toEqual(before);
    expect(await call(client, "list_tasks", {})).toMatchObject({ tasks: [{ task_id: "t" }] });
  });

  test("null is taken for absent, as some clients send it", async () => {
    const made = await call(client, "create_task", {
      task_id: null,
      title: "N",
      goal: "",
      repo_path: null,
      tags: null,
    });
    expect(made).toMatchObject({ status: "open", created: true });
  });

  test("an unknown tool and an unknown resource are protocol errors", async () => {
    await expect(client.callTool({ name: "drop_tables", arguments: {} })).rejects.toMatchObject({ code: -32602 });
    await expect(client.readResource({ uri: "task://nope" })).rejects.toMatchObject({ code: -32002 });
    await expect(client.readResource({ uri: "file:///etc/passwd" })).rejects.toMatchObject({ code: -32002 });
    await expect(client.readResource({ uri: "task://t/../../x" })).rejects.toMatchObject({ code: -32002 });
  });

  test("exactly at the limits is accepted", async () => {
    const made = {
      task_id: long(128),
      title: "ü".repeat(200),
      goal: long(64 * KIB),
      tags: Array.from({ length: 32 }, (_, n) => `${n}`.padEnd(64, "x")),
    };
    await call(client, "create_task", made);
    const steps = Array.from({ length: 256 }, () => long(1800));
    await call(client, "save_checkpoint", {
      task_id: made.task_id,
      completed_steps: steps,
      resume_prompt: long(64 * KIB),
      context: long(64 * KIB),
    });
    await call(client, "attach_artifact", { task_id: made.task_id, name: long(200), content: long(10 * KIB * KIB) });
    const { contents } = await client.readResource({ uri: `task://${made.task_id}` });
    expect(JSON.parse(`${Object(contents[0]).text}`)).toMatchObject({ ...made, completed_steps: steps });
  });

  test("an answer over 50,000 characters is folded, and says what is missing", async () => {
    const answer = await call(client, "get_task", { task_id: long(128) });
    expect(JSON.stringify(answer).length).toBeLessThanOrEqual(50_000);
    expect(answer["truncated"]).toEqual(["completed_steps", "context", "goal", "resume_prompt"]);
    expect(answer).toMatchObject({ title: "ü".repeat(200), checkpoint_count: 1 });
  });
});

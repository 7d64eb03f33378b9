import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { enveloped, postStateless } from "../support/eras.ts";
import { postJson, request } from "../support/raw-http.ts";
import { EXECUTABLE } from "../support/server.ts";
import { bearer, place } from "../support/tokens.ts";

/** What may be in no line of the log, each planted somewhere. */
const PLANTED = [
  "planted-title",
  "planted-goal",
  "planted-prompt",
  "planted-artifact",
  "planted-path",
  "planted-argument",
  "planted-body",
  "planted-token",
  "planted-session",
  "planted-method",
  "planted-header",
];

/** Every kind of call: done, refused, failing, malformed. */
async function callEverything(url: string, key: Record<string, string>, folder: string): Promise<void> {
  const call = async (name: string, args: Record<string, unknown>, headers = key) =>
    (await postStateless(url, "tools/call", { name, arguments: args }, headers)).text();
  const task = { task_id: "t", title: "planted-title", goal: "planted-goal" };
  await call("create_task", task);
  await call("create_task", { ...task, task_id: "planted-argument \u0007" });
  await call("claim_task", { task_id: "t" });
  await call("save_checkpoint", { task_id: "t", resume_prompt: "planted-prompt", completed_steps: "planted-argument" });
  await call("save_checkpoint", {
    task_id: "t",
    resume_prompt: "planted-prompt",
    completed_steps: [],
    remaining_steps: [],
  });
  await call("attach_artifact", { task_id: "t", name: "log", content: "planted-artifact" });
  await call("attach_artifact", { task_id: "t", name: "log", path: "/planted-path" });
  await call("planted-method", { title: "planted-argument" });
  await call("get_task", { task_id: "t" }, bearer("planted-token"));
  await postStateless(url, "planted-method", enveloped(), key);
  for (const body of [
    '{"planted-body',
    "planted-body",
    '["planted-body"]',
    '{"jsonrpc":"2.0","id":1,"method":7,"p":"planted-body"}',
  ]) {
    await (await postJson(`${url}/mcp`, body, key)).text();
    await (await postJson(`${url}/message?clientId=planted-session`, body, key)).text();
  }
  await postJson(`${url}/mcp`, request(1, "ping"), { ...key, "mcp-session-id": "planted-session" });
  await postJson(`${url}/mcp`, request(1, "ping"), { ...key, origin: "http://planted-header" });
  // A bug's stack, and a damaged artifact: what is logged at level error.
  rmSync(join(folder, "artifacts"), { recursive: true });
  await call("get_artifact", { task_id: "t", name: "log" });
  await (await postStateless(url, "resources/read", { uri: "task://t/artifacts/log" }, key)).text();
}

test("with --debug every line on stderr is a JSON object with time, level and message, and holds nothing that clients wrote", async () => {
  const { folder, flags, create } = place();
  const key = bearer(create("codex"));
  const server = Bun.spawn([EXECUTABLE, "--http", "--port", "0", "--debug", ...flags], { stderr: "pipe" });
  const reader = server.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let log = "";
  while (!log.includes('"listening"')) {
    log += (await reader.read()).value ?? "";
  }
  await callEverything(/"url":"([^"]+)"/.exec(log)?.[1] ?? "", key, folder);
  server.kill();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    log += part.value;
  }
  const lines: Record<string, unknown>[] = log
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  for (const line of lines) {
    expect(line["time"]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(line["level"]).toBeOneOf(["debug", "info", "warn", "error"]);
    expect(line["msg"]).toBeString();
  }
  expect(lines.map(({ level }) => level)).toContain("error");
  expect(lines.map(({ msg }) => msg)).toContain("resources/read failed");
  expect(PLANTED.filter((text) => log.includes(text))).toEqual([]);
  expect(log).not.toContain(key.authorization.slice(-20));
});

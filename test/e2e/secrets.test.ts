import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { shapes } from "../redact/shapes.ts";
import { temporaryFolder } from "../support/folder.ts";
import { EXECUTABLE, freshStore, startStdio } from "../support/server.ts";

type Message = Record<string, unknown>;

/** A server on a store of its own, its tools, and what it has said and written so far. */
async function start(...flags: string[]) {
  const store = freshStore();
  const server = startStdio([...store, "--debug", "--agent", "a", ...flags]);
  const stderr = new Response(server.process.stderr).text();
  await server.initialize();
  const folder = dirname(store[1] ?? "");
  return {
    async call(name: string, args: Message): Promise<Message> {
      const { result } = await server.request("tools/call", { name, arguments: args });
      const { isError, structuredContent, content } = Object(result);
      return isError === true ? { refused: content[0].text } : { ...structuredContent };
    },
    read: (uri: string) => server.request("resources/read", { uri }),
    /** Every byte below the store's folder: database, its log, artifacts. */
    written: () =>
      readdirSync(folder, { recursive: true, encoding: "utf8" })
        .map((name) => join(folder, name))
        .filter((path) => statSync(path).isFile())
        .map((path) => readFileSync(path, "latin1"))
        .join("\n"),
    async end() {
      await server.end();
      return stderr;
    },
  };
}

function repository(name: string, text: string): string {
  const root = temporaryFolder();
  mkdirSync(join(root, ".git"));
  writeFileSync(join(root, name), text);
  return root;
}

/** The lines of a secret: of a key, each; base64 of files is looked for in no other form than it came. */
const linesOf = (secret: string) =>
  secret.split(/\\n|\n/).filter((line) => line.trim().length >= 7 && !line.includes("-----"));

const all = shapes(42);
const secret = (name: string) => all.find((shape) => shape.name === name)?.secret ?? "";
const token = secret("github personal token");

describe("secrets in what agents write", () => {
  test("reach neither database, log, artifacts nor stderr, whichever tool they come by, and are counted", async () => {
    const server = await start();
    const texts = all.map(({ text }) => text);
    const root = repository("env.txt", texts.join("\n\n"));
    expect(
      await server.call("create_task", {
        task_id: "t",
        title: `T ${token}`,
        goal: token,
        repo_path: root,
        tags: [token],
      }),
    ).toMatchObject({
      task_id: "t",
      redacted: 3,
    });
    const saved = await server.call("save_checkpoint", {
      task_id: "t",
      completed_steps: texts.filter((text) => text.length < 1500),
      remaining_steps: [`Rotate ${token}`],
      test_results: [{ status: "failed", command: `curl -u admin:${token}`, output: texts.join("\n") }],
      resume_prompt: texts.join("\n"),
      context: texts.join("\n\n"),
    });
    expect(saved).toMatchObject({ checkpoint: 1 });
    expect(Number(saved["redacted"])).toBeGreaterThan(all.length * 3.5);
    const one = Number(
      (await server.call("attach_artifact", { task_id: "t", name: "c", content: texts.join("\n\n") }))["redacted"],
    );
    expect(one).toBeGreaterThanOrEqual(all.length);
    const content_base64 = Buffer.from(texts.join("\n\n")).toString("base64");
    expect(await server.call("attach_artifact", { task_id: "t", name: "b", content_base64 })).toMatchObject({
      redacted: one,
    });
    expect(await server.call("attach_artifact", { task_id: "t", name: "p", path: "env.txt" })).toMatchObject({
      redacted: one,
    });
    expect(await server.call("update_task", { task_id: "t", resume_prompt: token, goal: token })).toMatchObject({
      redacted: 2,
    });
    expect(
      await server.call("handoff_task", { task_id: "t", to_agent: "b", reason: `It needs ${token}` }),
    ).toMatchObject({
      status: "handoff_ready",
      redacted: 1,
    });
    const written = server.written() + (await server.end());
    const leaked = all.filter((shape) => linesOf(shape.secret).some((line) => written.includes(line)));
    expect(leaked.map(({ name }) => name)).toEqual([]);
    expect(written).toContain("[REDACTED:github]");
    expect(written.length).toBeGreaterThan(50_000);
  });

  test("leave the rest as it was: text in an artifact, bytes that are no text, an answer without a count", async () => {
    const server = await start();
    expect(await server.call("create_task", { task_id: "t", title: "T", goal: "Rotate the password" })).toEqual({
      task_id: "t",
      status: "open",
      version: 1,
      created: true,
    });
    await server.call("attach_artifact", {
      task_id: "t",
      name: "n",
      content_base64: Buffer.from(`ü ${token}\r\n`).toString("base64"),
    });
    expect(await server.read("task://t/artifacts/n")).toMatchObject({
      result: { contents: [{ text: "ü [REDACTED:github]\r\n" }] },
    });
    const blob = Buffer.from([0xff, 0, 1, 2]).toString("base64");
    expect(await server.call("attach_artifact", { task_id: "t", name: "b", content_base64: blob })).not.toHaveProperty(
      "redacted",
    );
    expect(await server.read("task://t/artifacts/b")).toMatchObject({ result: { contents: [{ blob }] } });
    await server.end();
  });

  test("are in no refusal, though it quotes what was given", async () => {
    const server = await start();
    await server.call("create_task", { task_id: "t", title: "T", goal: "G" });
    for (const args of [
      { task_id: "t", [token]: "x" },
      { task_id: "t", resume_prompt: { [token]: token } },
      { task_id: "t", test_results: [{ status: token }] },
      { task_id: "t", test_results: [{ status: "passed", [token]: 1 }] },
      { task_id: "t", [token]: "\ud800" },
    ]) {
      const { refused } = await server.call("save_checkpoint", args);
      expect(`${refused}`).toContain('"invalid"');
      expect(`${refused}`).not.toContain(token);
    }
    expect(await server.end()).not.toContain(token);
  });

  test("do not make a repeated call another one", async () => {
    const server = await start();
    const task = { task_id: "t", title: "T", goal: `Use ${token}` };
    const artifact = { task_id: "t", name: "n", content: `Use ${token}` };
    const created = await server.call("create_task", task);
    expect(await server.call("create_task", task)).toEqual({ ...created, created: false });
    const attached = await server.call("attach_artifact", artifact);
    expect(await server.call("attach_artifact", artifact)).toEqual(attached);
    expect(attached).toMatchObject({ redacted: 1 });
    const offer = { task_id: "t", to_agent: "b", reason: token };
    await server.call("save_checkpoint", { task_id: "t", context: token });
    const offered = await server.call("handoff_task", offer);
    expect(await server.call("handoff_task", offer)).toEqual(offered);
    await server.end();
  });
});

describe("--secrets", () => {
  test("warn keeps what was written and says how many secrets it has", async () => {
    const server = await start("--secrets", "warn");
    const root = repository("f", token);
    const args = { task_id: "t", title: "T", goal: token, repo_path: root };
    expect(await server.call("create_task", args)).toMatchObject({ secrets_found: 1 });
    expect(await server.call("attach_artifact", { task_id: "t", name: "n", path: "f" })).toMatchObject({
      secrets_found: 1,
    });
    expect(await server.call("get_task", { task_id: "t" })).toMatchObject({ goal: token });
    expect(await server.read("task://t/artifacts/n")).toMatchObject({ result: { contents: [{ text: token }] } });
    await server.end();
  });

  test("off looks for none", async () => {
    const server = await start("--secrets", "off");
    const created = await server.call("create_task", { task_id: "t", title: "T", goal: token });
    expect(created).toEqual({ task_id: "t", status: "open", version: 1, created: true });
    expect(await server.call("get_task", { task_id: "t" })).toMatchObject({ goal: token });
    await server.end();
  });

  test("of another kind is a usage error that names what is accepted", () => {
    for (const [flags, env] of [
      [["--secrets", "hide"], {}],
      [[], { MCP_TASK_SECRETS: "hide" }],
    ] as const) {
      const { exitCode, stderr } = Bun.spawnSync([EXECUTABLE, ...flags], {
        stdin: "ignore",
        env: { HOME: temporaryFolder(), ...env },
      });
      expect(exitCode).toBe(2);
      expect(stderr.toString()).toMatch(
        /secrets "hide" is no mode; redact, warn, off are accepted \(--secrets, MCP_TASK_SECRETS\)/,
      );
    }
  });
});

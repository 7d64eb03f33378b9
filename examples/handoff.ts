#!/usr/bin/env bun
// The demo: agent A over stdio creates a task, saves a checkpoint and hands it off; agent B, another client, over HTTP
// against the same database, goes on from it. The seed's example, step by step, on the real executable. Fails loudly.
import { deepStrictEqual } from "node:assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";

let steps = 0;
const executable = join(import.meta.dir, "..", "dist", "mcp-task-server");
const folder = mkdtempSync(join(tmpdir(), "handoff-"));
const store = ["--db", join(folder, "tasks.db"), "--artifacts", join(folder, "artifacts")];
const http = Bun.spawn([executable, "--http", "--port", "0", ...store], { stdin: "ignore", stderr: "pipe" });

try {
  const url = await listeningUrl(http.stderr);
  say(`Two servers, one database in ${folder}`, `agent A: ${executable} (stdio)`, `agent B: ${url}/mcp (HTTP)`);
  const a = await connect("claude-code", new StdioClientTransport({ command: executable, args: store }));
  const b = await connect("hermes", new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));

  await step(
    a,
    "A creates a task",
    "create_task",
    {
      task_id: "task-001",
      title: "Fix login bug",
      goal: "Resolve auth error on /login",
      repo_path: "/home/dev/myapp",
    },
    { status: "open", version: 1, created: true },
  );
  await step(
    a,
    "A works, and saves how far it is",
    "save_checkpoint",
    {
      task_id: "task-001",
      agent: "claude-code",
      completed_steps: ["Reproduced bug", "Found root cause in auth/login.py:42"],
      remaining_steps: ["Implement fix", "Write tests"],
      test_results: [{ command: "pytest tests/auth", status: "failed", passed: 11, failed: 1 }],
      resume_prompt: "Fix null check in auth/login.py line 42",
    },
    { status: "in_progress", current_owner: "claude-code", checkpoint: 1 },
  );
  await step(
    a,
    "A hits its context limit and hands off to B",
    "handoff_task",
    {
      task_id: "task-001",
      from_agent: "claude-code",
      to_agent: "hermes",
      reason: "Context limit reached, fix not yet implemented",
    },
    { status: "handoff_ready", current_owner: "hermes" },
  );
  await a.close();
  say("A is gone. Its process has ended; what it knew is in the store.");

  await step(
    b,
    "B looks for work that waits for it",
    "list_tasks",
    { owner: "hermes" },
    {
      tasks: [
        { task_id: "task-001", title: "Fix login bug", status: "handoff_ready", current_owner: "hermes", version: 3 },
      ],
    },
  );
  await step(
    b,
    "B reads the task: everything A knew",
    "get_task",
    { task_id: "task-001" },
    {
      completed_steps: ["Reproduced bug", "Found root cause in auth/login.py:42"],
      remaining_steps: ["Implement fix", "Write tests"],
      resume_prompt: "Fix null check in auth/login.py line 42",
    },
  );
  const { contents } = await b.readResource({ uri: "task://task-001" });
  say(
    "B could read the same as the resource task://task-001",
    `${contents[0]?.mimeType}, ${JSON.stringify(contents).length} characters`,
  );
  await step(
    b,
    "B goes on: its first write accepts the handoff",
    "update_task",
    {
      task_id: "task-001",
      title: "Fix login bug",
      goal: "Implementing solution for auth error",
      status: "in_progress",
      current_owner: "hermes",
      completed_steps: ["Reproduced bug", "Found root cause", "Implemented fix"],
      remaining_steps: ["Write tests", "Deploy to staging"],
    },
    { status: "in_progress", current_owner: "hermes", version: 4 },
  );
  await step(
    b,
    "B finishes",
    "update_task",
    { task_id: "task-001", status: "done", remaining_steps: [] },
    { status: "done" },
  );

  const late = await connect("claude-code", new StdioClientTransport({ command: executable, args: store }));
  const refused = await late.callTool({ name: "update_task", arguments: { task_id: "task-001", status: "open" } });
  deepStrictEqual(refused.isError, true, "a late write of A must be refused");
  say("A comes back and would reopen the task: refused", `${Object(Object(refused.content)[0]).text}`);
  await late.close();
  await b.close();
  say("The handoff works.");
} finally {
  http.kill();
  await http.exited;
  rmSync(folder, { recursive: true, force: true });
}

/** Calls a tool, shows call and answer, and checks the answer. */
async function step(
  client: Client,
  what: string,
  name: string,
  args: Record<string, unknown>,
  expected: Record<string, unknown>,
) {
  const { structuredContent, isError, content } = await client.callTool({ name, arguments: args });
  const answer = { ...Object(structuredContent) };
  say(what, `→ ${name} ${JSON.stringify(args)}`, `← ${JSON.stringify(isError === true ? content : answer)}`);
  for (const [field, value] of Object.entries(expected)) {
    deepStrictEqual(answer[field], value, `${name} answered another ${field} than expected`);
  }
}

async function connect(name: string, transport: Transport): Promise<Client> {
  const client = new Client({ name, version: "1.0" });
  await client.connect(transport);
  return client;
}

/** The address the server prints once it listens on the free port it took. */
async function listeningUrl(log: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  let text = "";
  for await (const part of log.pipeThrough(new TextDecoderStream())) {
    text += part;
    const url = /"msg":"listening","url":"([^"]+)"/.exec(text)?.[1];
    if (url !== undefined) {
      return url;
    }
  }
  throw new Error(`the HTTP server did not start: ${text}`);
}

function say(what: string, ...details: string[]): void {
  const lines = details.map((detail) => `     ${detail.length > 300 ? `${detail.slice(0, 300)}…` : detail}\n`);
  process.stdout.write(`\n${String(++steps).padStart(2)}. ${what}\n${lines.join("")}`);
}

import { outcomeOf } from "./handoff.ts";
import { type Report, reportHandoff } from "./report.ts";
import type { Stage } from "./stage.ts";

type Members = Readonly<Record<string, unknown>>;

/** Codex: `codex mcp add` twice (it has no SSE); its app server lists the servers, calls tools, reads resources. */
export async function playCodex(stage: Stage): Promise<Report[]> {
  await stage.run(stage.program(".bin/codex", "mcp", "add", "tasks-stdio", "--", ...stage.command));
  await stage.run(stage.program(".bin/codex", "mcp", "add", "tasks-http", "--url", `${stage.url}/mcp`));
  const ask = openAppServer(stage);
  await ask("initialize", { clientInfo: { name: "mcp-task-server-clients", version: "1.0" } });
  const { data } = await ask("mcpServerStatus/list", {});
  const { thread } = await ask("thread/start", {});
  const threadId = Object(thread).id;
  const reports: Report[] = [];
  for (const way of ["stdio", "http"] as const) {
    const server = `tasks-${way}`;
    const status = Array.isArray(data) ? data.find(({ name }) => name === server) : undefined;
    const client = {
      call: async (tool: string, args: Members) =>
        outcomeOf(await ask("mcpServer/tool/call", { threadId, server, tool, arguments: args })),
      read: async (uri: string) =>
        Object(await ask("mcpServer/resource/read", { threadId, server, uri })).contents[0].text,
    };
    const report = await reportHandoff(
      way,
      async () => client,
      () => stage.revision(way),
    );
    const tools = Object.keys(Object(status?.tools)).length;
    reports.push({ ...report, done: `mcpServerStatus/list (${tools} tools), ${report.done}` });
  }
  return reports;
}

/** Starts `codex app-server`, which speaks JSON-RPC line by line, and answers how to ask it. */
function openAppServer(stage: Stage): (method: string, params: Members) => Promise<Members> {
  const server = stage.start(stage.program(".bin/codex", "app-server"));
  const waiting = new Map<number, { resolve(result: Members): void; reject(error: Error): void }>();
  const reading = async () => {
    let rest = "";
    for await (const part of server.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + part).split("\n");
      rest = lines.pop() ?? "";
      for (const { id, result, error } of lines.map((line) => JSON.parse(line))) {
        const entry = waiting.get(id);
        waiting.delete(id);
        if (error === undefined) {
          entry?.resolve(result);
        } else {
          entry?.reject(new Error(JSON.stringify(error)));
        }
      }
    }
    for (const { reject } of waiting.values()) {
      reject(new Error("codex app-server has ended"));
    }
  };
  void reading();
  void new Response(server.stderr).text();
  let last = 0;
  return (method, params) => {
    const id = ++last;
    server.stdin.write(`${JSON.stringify({ id, method, params })}\n`);
    return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  };
}

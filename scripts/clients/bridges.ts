// Bridges from one transport to another, with the SDK's v1 client at their other end.
import { type Report, reportHandoff } from "./report.ts";
import { connectV1 } from "./sdk.ts";
import type { Stage } from "./stage.ts";

/** mcp-remote: stdio before, Streamable HTTP or SSE behind. */
export async function playMcpRemote(stage: Stage): Promise<Report[]> {
  const bridge = (path: string, transport: string) =>
    stage.program(".bin/mcp-remote", `${stage.url}${path}`, "--transport", transport, "--allow-http");
  return [
    await reportHandoff(
      "stdio → http",
      () => connectV1({ command: bridge("/mcp", "http-only"), url: "" }, "stdio"),
      () => stage.revision("http"),
    ),
    await reportHandoff(
      "stdio → sse",
      () => connectV1({ command: bridge("/sse", "sse-only"), url: "" }, "stdio"),
      () => stage.revision("sse"),
    ),
  ];
}

/** supergateway: as mcp-remote, and also a stdio server behind Streamable HTTP or SSE. */
export async function playSupergateway(stage: Stage): Promise<Report[]> {
  const bridge = (...args: string[]) => stage.program(".bin/supergateway", ...args);
  const reports = [
    await reportHandoff(
      "stdio → http",
      () => connectV1({ command: bridge("--streamableHttp", `${stage.url}/mcp`), url: "" }, "stdio"),
      () => stage.revision("http"),
    ),
    await reportHandoff(
      "stdio → sse",
      () => connectV1({ command: bridge("--sse", `${stage.url}/sse`), url: "" }, "stdio"),
      () => stage.revision("sse"),
    ),
  ];
  for (const [way, output] of [
    ["http", ["streamableHttp", "--stateful"]],
    ["sse", ["sse"]],
  ] as const) {
    const connect = async () => {
      const url = await listen(stage, (port) => bridge(...served(stage, port), "--outputTransport", ...output));
      return connectV1({ command: [], url }, way);
    };
    reports.push(await reportHandoff(`${way} → stdio`, connect, () => stage.revision("stdio")));
  }
  return reports;
}

function served({ command: [shell, flag = "", line = ""] }: Stage, port: number): string[] {
  return ["--stdio", `${shell} ${flag} "${line}"`, "--port", `${port}`];
}

/** Starts a gateway on a free port and answers its address once it listens. */
async function listen(stage: Stage, command: (port: number) => readonly string[]): Promise<string> {
  const probe = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port } = probe;
  await probe.stop(true);
  const gateway = stage.start(command(port ?? 0));
  let text = "";
  const watched = gateway.stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await watched.read();
    text += value ?? "";
    if (/Listening on port/i.test(text)) {
      void drain(watched);
      return `http://127.0.0.1:${port}`;
    }
    if (done) {
      throw new Error(`supergateway did not start: ${text}`);
    }
  }
}

async function drain(reader: { read(): Promise<{ done: boolean }> }): Promise<void> {
  while (!(await reader.read()).done) {
    // A full pipe would stop the gateway.
  }
}

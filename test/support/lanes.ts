import { ENVELOPE, enveloped, postStateless } from "./eras.ts";
import { connectRaw, head, type Message } from "./raw-http.ts";
import { type HttpServer, type StdioServer, startHttp, startStdio } from "./server.ts";

/** A way to a server on which answers, and whole requests, may be lost. */
export interface Lane {
  /** Sends a tool call; nothing where the server, or the way to it, ended before the answer had come. */
  send(params: Message): Promise<Message | undefined>;
  /** Sends a tool call and goes away before the answer: in the middle of the request, after it, or at the first byte of the answer. */
  lose(params: Message): Promise<void>;
  /** Ends the server in good order, if it is this lane's own. */
  close(): Promise<void>;
}

/** An HTTP server that is killed and started again on the same store, at another port each time. */
export interface MortalServer {
  /** The one that runs, or will in a moment. */
  current(): Promise<HttpServer>;
  /** Kills it without a word, and starts the next. */
  kill(): Promise<void>;
  end(): Promise<void>;
}

/** Starts a server that may be killed. */
export function startMortal(flags: readonly string[]): MortalServer {
  let current = startHttp(flags);
  return {
    current: () => current,
    async kill() {
      const { process } = await current;
      process.kill("SIGKILL");
      current = process.exited.then(() => startHttp(flags));
      await current;
    },
    async end() {
      const { process } = await current;
      process.kill("SIGTERM");
      await process.exited;
    },
  };
}

/** A client of 2026-07-28 over HTTP: a POST, and so a connection to lose, for each call. */
export function httpLane(server: MortalServer): Lane {
  return {
    async send(params) {
      const { url } = await server.current();
      try {
        return Object(await (await postStateless(url, "tools/call", params)).json());
      } catch {
        return undefined;
      }
    },
    async lose(params) {
      const { url } = await server.current();
      const bytes = postOf(params);
      const { socket, until, ended } = connectRaw(url);
      const fate = Math.random();
      const sent = fate < 0.25 ? bytes.slice(0, Math.floor(bytes.length * Math.random())) : bytes;
      await Promise.race([new Promise((resolve) => socket.write(sent, resolve)), ended]);
      if (fate > 0.6) {
        await until((received) => received !== "").catch(() => undefined);
      }
      socket.destroy();
      await ended;
    },
    close: async () => undefined,
  };
}

/** A client that has its own server on stdio, and kills it to lose an answer. */
export function stdioLane(flags: readonly string[]): Lane {
  let server: StdioServer = startStdio(flags);
  return {
    send: (params) => server.request("tools/call", enveloped(params)),
    async lose(params) {
      const answered = server.request("tools/call", enveloped(params)).catch(() => undefined);
      if (Math.random() < 0.7) {
        await Promise.race([answered, Bun.sleep(3 * Math.random())]);
      }
      server.process.kill("SIGKILL");
      await server.process.exited;
      await answered;
      server = startStdio(flags);
    },
    close: async () => void (await server.end()),
  };
}

function postOf(params: Message): string {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: enveloped(params) });
  const lines = [
    "Host: localhost",
    "Content-Type: application/json",
    "Accept: application/json, text/event-stream",
    `MCP-Protocol-Version: ${ENVELOPE["io.modelcontextprotocol/protocolVersion"]}`,
    "Mcp-Method: tools/call",
    `Mcp-Name: ${params["name"]}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return head("POST /mcp HTTP/1.1", ...lines) + body;
}

import type { Way } from "./sdk.ts";

/** What has gone by between a client and the server, by transport. */
export interface Tap {
  /** The proxy's address, in place of the server's. */
  url: string;
  /** Notes what a client sent, or was sent: whole messages, one or more. */
  note(way: Way, from: "client" | "server", text: string): void;
  /** The revision that was used on a transport, in words; nothing where nobody spoke. */
  revision(way: Way): string | undefined;
  stop(): Promise<void>;
}

/** Opens a proxy in front of the server at `target`, which passes everything on as it is and listens in. */
export function openTap(target: string): Tap {
  const heard = { stdio: silence(), http: silence(), sse: silence() };
  const proxy = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const way = pathname === "/mcp" ? "http" : "sse";
      const body = request.body === null ? undefined : await request.text();
      heard[way].client.push(body ?? "");
      const headers = new Headers(request.headers);
      headers.delete("host");
      const { method, signal } = request;
      const response = await fetch(`${target}${pathname}${search}`, { method, headers, signal, ...(body && { body }) });
      return new Response(response.body?.pipeThrough(listener(heard[way].server)), response);
    },
  });
  return {
    url: proxy.url.origin,
    note: (way, from, text) => void heard[way][from].push(text),
    revision: (way) => revisionOf(heard[way].client, heard[way].server.join("")),
    stop: () => proxy.stop(true),
  };
}

function silence(): Record<"client" | "server", string[]> {
  return { client: [], server: [] };
}

function listener(into: string[]): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform(chunk, controller) {
      into.push(Buffer.from(chunk).toString());
      controller.enqueue(chunk);
    },
  });
}

/** What a client's messages and the answers to them say of the revision. */
function revisionOf(sent: readonly string[], answers: string): string | undefined {
  const messages = sent.flatMap((text) => text.split("\n")).flatMap(parse);
  const probed = messages.some(({ method }) => method === "server/discover");
  const asked = messages.find(({ method }) => method === "initialize")?.params?.protocolVersion;
  const claimed = messages
    .filter(({ method }) => method !== "server/discover")
    .map(({ params }) => params?._meta?.["io.modelcontextprotocol/protocolVersion"])
    .find((version) => version !== undefined);
  if (claimed !== undefined) {
    return `${claimed}`;
  }
  const negotiated = /"protocolVersion":\s*"([\d-]+)"/.exec(answers)?.[1];
  if (negotiated === undefined) {
    return undefined;
  }
  const wanted = asked === negotiated ? "" : `, asked for ${asked}`;
  return `${negotiated}${wanted}${probed ? ", after server/discover" : ""}`;
}

function parse(line: string) {
  try {
    return [JSON.parse(line)].flat();
  } catch {
    return [];
  }
}

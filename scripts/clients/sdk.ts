// The clients of the official SDK, v1 and v2, as one interface.
import * as v2 from "@modelcontextprotocol/client";
import { StdioClientTransport as V2Stdio } from "@modelcontextprotocol/client/stdio";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { type HandoffClient, type Outcome, outcomeOf } from "./handoff.ts";

/** Where a server is: the command that starts one on stdio, and the address of one on HTTP. */
export interface Place {
  command: readonly string[];
  url: string;
}

export type Way = "stdio" | "http" | "sse";

/** How a v2 client finds out which revision to speak. */
export type Mode = "legacy" | "auto" | { pin: string };

/** A connected client of the SDK, whichever its version. */
export interface SdkClient extends HandoffClient {
  revision(): string | undefined;
  call(tool: string, args: Record<string, unknown>, signal?: AbortSignal): Promise<Outcome>;
  read(uri: string): Promise<string>;
  /** The URIs of all resources, of all pages. */
  resources(): Promise<string[]>;
  prompt(name: string, args: Record<string, string>): Promise<unknown[]>;
  complete(prompt: string, argument: string, value: string): Promise<string[]>;
  /** Absent where the revision has none. */
  ping?: (() => Promise<unknown>) | undefined;
  /** Follows a resource, and the list of resources. */
  subscribe(uri: string): Promise<void>;
  /** Resolves once the notice has come. */
  heard(notice: string): Promise<void>;
  /** Resolves once the server has taken the message that holds `text`. */
  taken(text: string): Promise<void>;
  /** What the SDK found wrong with messages that came. */
  complaints: string[];
  close(): Promise<void>;
}

const INFO = { name: "sdk-client", version: "1.0" };

/** Connects a client of v1. */
export async function connectV1(place: Place, way: Way): Promise<SdkClient> {
  const client = new Client(INFO);
  const ear = createEar();
  const posts = watchFetch();
  const complaints = complaintsOf(client);
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => ear.hear(`updated ${params.uri}`));
  client.setNotificationHandler(ResourceListChangedNotificationSchema, () => ear.hear("list_changed"));
  const transport = transportV1(place, way, posts.fetch);
  const revision = spyRevision(transport);
  await client.connect(transport);
  return {
    revision,
    complaints,
    heard: ear.heard,
    // On stdio, messages come in as they were sent.
    taken: way === "stdio" ? async () => undefined : posts.taken,
    call: async (name, given, signal) =>
      outcomeOf(await client.callTool({ name, arguments: given }, undefined, signal && { signal })),
    read: async (uri) => textOf((await client.readResource({ uri })).contents),
    async resources() {
      const uris: string[] = [];
      for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
        const page = await client.listResources(cursor === undefined ? {} : { cursor });
        uris.push(...page.resources.map(({ uri }) => uri));
        cursor = page.nextCursor;
      }
      return uris;
    },
    prompt: async (name, given) => (await client.getPrompt({ name, arguments: given })).messages,
    complete: async (prompt, argument, value) =>
      (await client.complete(completionOf(prompt, argument, value))).completion.values,
    ping: () => client.ping(),
    async subscribe(uri) {
      await (way === "http" ? posts.opened : undefined);
      await client.subscribeResource({ uri });
    },
    close: () => client.close(),
  };
}

/** Connects a client of v2. Throws where the server does not speak what `mode` insists on. */
export async function connectV2(place: Place, way: Way, mode: Mode): Promise<SdkClient> {
  const client = new v2.Client(INFO, { versionNegotiation: { mode } });
  const ear = createEar();
  const posts = watchFetch();
  const complaints = complaintsOf(client);
  client.setNotificationHandler("notifications/resources/updated", ({ params }) => ear.hear(`updated ${params.uri}`));
  client.setNotificationHandler("notifications/resources/list_changed", () => ear.hear("list_changed"));
  await client.connect(transportV2(place, way, posts.fetch));
  const modern = client.getProtocolEra() === "modern";
  return {
    revision: () => client.getNegotiatedProtocolVersion(),
    complaints,
    heard: ear.heard,
    // Over HTTP, a request of 2026-07-28 is cancelled by closing it: there is nothing to be taken.
    taken: way === "stdio" || modern ? async () => undefined : posts.taken,
    call: async (name, given, signal) =>
      outcomeOf(await client.callTool({ name, arguments: given }, signal && { signal })),
    read: async (uri) => textOf((await client.readResource({ uri })).contents),
    // This client asks for all pages by itself.
    resources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
    prompt: async (name, given) => (await client.getPrompt({ name, arguments: given })).messages,
    complete: async (prompt, argument, value) =>
      (await client.complete(completionOf(prompt, argument, value))).completion.values,
    ping: modern ? undefined : () => client.ping(),
    async subscribe(uri) {
      if (modern) {
        await client.listen({ resourcesListChanged: true, resourceSubscriptions: [uri] });
        return;
      }
      await (way === "http" ? posts.opened : undefined);
      await client.subscribeResource({ uri });
    },
    close: () => client.close(),
  };
}

type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

function transportV1({ command: [command = "", ...args], url }: Place, way: Way, fetch: Fetch): Transport {
  switch (way) {
    case "stdio":
      return new StdioClientTransport({ command, args, stderr: "ignore" });
    case "http":
      return new StreamableHTTPClientTransport(new URL("/mcp", url), { fetch });
    case "sse":
      return new SSEClientTransport(new URL("/sse", url), { fetch });
  }
}

function transportV2({ command: [command = "", ...args], url }: Place, way: Way, fetch: Fetch): v2.Transport {
  switch (way) {
    case "stdio":
      return new V2Stdio({ command, args, stderr: "ignore" });
    case "http":
      return new v2.StreamableHTTPClientTransport(new URL("/mcp", url), { fetch });
    case "sse":
      return new v2.SSEClientTransport(new URL("/sse", url), { fetch });
  }
}

function completionOf(prompt: string, name: string, value: string) {
  return { ref: { type: "ref/prompt" as const, name: prompt }, argument: { name, value } };
}

function textOf([content]: readonly object[]): string {
  return Object(content).text;
}

/** The revision that v1 negotiates, which it tells its transport alone. */
function spyRevision(transport: Transport): () => string | undefined {
  let revision: string | undefined;
  const tell = transport.setProtocolVersion?.bind(transport);
  transport.setProtocolVersion = (negotiated) => {
    revision = negotiated;
    tell?.(negotiated);
  };
  return () => revision;
}

/** A `fetch` that tells when a session's own stream is open (what is told before is lost), and which POSTs came in. */
function watchFetch() {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  const taken: string[] = [];
  const waiting = new Map<string, () => void>();
  return {
    opened,
    /** Resolves once the server has taken a POST that holds `text`. */
    taken: (text: string) =>
      taken.some((body) => body.includes(text))
        ? Promise.resolve()
        : new Promise<void>((resolve) => waiting.set(text, resolve)),
    async fetch(url: string | URL, init?: RequestInit): Promise<Response> {
      const response = await fetch(url, init);
      if (init?.method === "GET" && response.ok) {
        open();
      }
      if (typeof init?.body === "string") {
        const { body } = init;
        taken.push(body);
        for (const [text, resolve] of waiting) {
          if (body.includes(text)) {
            resolve();
          }
        }
      }
      return response;
    },
  };
}

/** Collects what the SDK reports of answers that nobody asked for, or that it cannot read. */
function complaintsOf(client: { onerror?: ((error: Error) => void) | undefined }): string[] {
  const complaints: string[] = [];
  client.onerror = ({ message }) => complaints.push(message);
  return complaints;
}

/** Notices as they come, and who waits for them. */
function createEar() {
  const came = new Map<string, ReturnType<typeof Promise.withResolvers<void>>>();
  const of = (notice: string) => {
    const entry = came.get(notice) ?? Promise.withResolvers<void>();
    came.set(notice, entry);
    return entry;
  };
  return { hear: (notice: string) => of(notice).resolve(), heard: (notice: string) => of(notice).promise };
}

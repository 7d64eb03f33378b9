import { type Connection, createConnection } from "../protocol/connection.ts";
import { RPC } from "../protocol/jsonrpc.ts";
import type { SessionHost } from "../protocol/sessions.ts";
import { readJson, refuse } from "./guard.ts";
import { type EventStream, openEventStream } from "./sse.ts";

/** Streams at once. */
const STREAMS = 1024;

/** The HTTP+SSE transport of 2024-11-05: what a client POSTs to `/message` is answered on its stream of `/sse`. */
export interface EventClients {
  /** `GET /sse`: the stream, whose first event tells where to POST. */
  open(): Response;
  /** `POST /message?clientId=<id>`; `sessionId` is another name for it. */
  take(request: Request, url: URL): Promise<Response>;
  /** Answers what is in flight, then closes every stream. */
  close(): Promise<void>;
}

/** Opens the transport. */
export function createEventClients(host: SessionHost): EventClients {
  const clients = new Map<string, { stream: EventStream; connection: Connection }>();
  return {
    open() {
      if (clients.size >= STREAMS) {
        return refuse(503, `Service Unavailable: ${STREAMS} streams are open`, RPC.refused, { "retry-after": "60" });
      }
      const clientId = crypto.randomUUID();
      const stream = openEventStream(() => {
        clients.delete(clientId);
        void connection.close();
      });
      const connection = createConnection(host, (message) => stream.send("message", JSON.stringify(message)));
      clients.set(clientId, { stream, connection });
      stream.send("endpoint", `/message?clientId=${clientId}`);
      return stream.response;
    },
    async take(request, { searchParams }) {
      const clientId = searchParams.get("clientId") ?? searchParams.get("sessionId");
      if (clientId === null) {
        return refuse(400, "Bad Request: clientId is missing; GET /sse gives one");
      }
      const client = clients.get(clientId);
      if (client === undefined) {
        return refuse(404, "Client not found: its stream is closed; GET /sse opens one", RPC.sessionNotFound);
      }
      const body = await readJson(request);
      if ("refusal" in body) {
        return body.refusal;
      }
      client.connection.receive(body.value);
      return new Response("Accepted", { status: 202 });
    },
    async close() {
      await Promise.all([...clients.values()].map(({ connection }) => connection.drained()));
      for (const { stream } of clients.values()) {
        stream.close();
      }
    },
  };
}

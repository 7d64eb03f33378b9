import { type Connection, createConnection } from "../protocol/connection.ts";
import { RPC } from "../protocol/jsonrpc.ts";
import type { SessionHost } from "../protocol/sessions.ts";
import { readJson, refuse } from "./guard.ts";
import { createOutflow, type Outflow } from "./outflow.ts";
import { type EventStream, openEventStream } from "./sse.ts";

/** Streams at once. */
const STREAMS = 1024;

/** The HTTP+SSE transport of 2024-11-05: what a client POSTs to `/message` is answered on its stream of `/sse`. */
export interface EventClients {
  /** `GET /sse`: the stream, whose first event tells where to POST. */
  open(): Response;
  /** `POST /message?clientId=<id>`; `sessionId` is another name for it. */
  take(request: Request, url: URL): Promise<Response>;
  /** Resolves when everything taken has been answered. */
  drained(): Promise<void>;
  /** Closes every stream. */
  close(): void;
}

/** Opens the transport. */
export function createEventClients(host: SessionHost): EventClients {
  const clients = new Map<string, { stream: EventStream; connection: Connection; outflow: Outflow }>();
  return {
    open() {
      if (clients.size >= STREAMS) {
        return refuse(503, `Service Unavailable: ${STREAMS} streams are open`, RPC.refused, { "retry-after": "60" });
      }
      const clientId = crypto.randomUUID();
      const stream = openEventStream({
        onClose() {
          clients.delete(clientId);
          void connection.close();
        },
        onTaken: () => outflow.onTaken(),
      });
      const outflow = createOutflow(stream.backlog);
      const connection = createConnection({ ...host, reserve: outflow.reserve }, (message) =>
        stream.send("message", JSON.stringify(message)),
      );
      clients.set(clientId, { stream, connection, outflow });
      stream.send("endpoint", `/message?clientId=${clientId}`);
      return stream.response;
    },
    async take(request, { searchParams }) {
      const clientId = searchParams.get("clientId") ?? searchParams.get("sessionId");
      if (clientId === null) {
        return refuse(400, "Bad Request: clientId is missing; GET /sse gives one");
      }
      const gone = () => refuse(404, "Client not found: its stream is closed; GET /sse opens one", RPC.sessionNotFound);
      const client = clients.get(clientId);
      if (client === undefined) {
        return gone();
      }
      const body = await readJson(request);
      if ("refusal" in body) {
        return body.refusal;
      }
      // Whoever does not read its answers is not taken on with more.
      (await client.outflow.reserve(0))();
      if (!clients.has(clientId)) {
        return gone();
      }
      client.connection.receive(body.value);
      return new Response("Accepted", { status: 202 });
    },
    async drained() {
      await Promise.all([...clients.values()].map(({ connection }) => connection.drained()));
    },
    close() {
      for (const { stream } of clients.values()) {
        stream.close();
      }
    },
  };
}

import { type Connection, createConnection } from "../protocol/connection.ts";
import { RPC } from "../protocol/jsonrpc.ts";
import type { SessionHost } from "../protocol/sessions.ts";
import type { Visitor } from "./door.ts";
import { readJson, refuse } from "./guard.ts";
import type { House } from "./house.ts";
import { createOutflow, type Outflow } from "./outflow.ts";
import { createSessionId } from "./session-id.ts";
import { type EventStream, openEventStream } from "./sse.ts";

/** The HTTP+SSE transport of 2024-11-05: what a client POSTs to `/message` is answered on its stream of `/sse`. */
export interface EventClients {
  /** `GET /sse`: the stream, whose first event tells where to POST. */
  open(request: Request, visitor: Visitor): Response;
  /** `POST /message?clientId=<id>`; `sessionId` is another name for it. */
  take(request: Request, url: URL, visitor: Visitor): Promise<Response>;
  /** Resolves when everything taken has been answered. */
  drained(): Promise<void>;
  /** Closes every stream. */
  close(): void;
}

interface EventClient {
  stream: EventStream;
  connection: Connection;
  outflow: Outflow;
  token_id: string | undefined;
}

/** Opens the transport. */
export function createEventClients(host: SessionHost, { door, slots, crowd, stay }: House): EventClients {
  const clients = new Map<string, EventClient>();
  return {
    open(request, visitor) {
      stay(request);
      const giveBack = slots.take();
      if (giveBack === undefined) {
        return slots.refusal();
      }
      const { principal } = visitor;
      const clientId = createSessionId();
      const stream = openEventStream({
        onClose() {
          clients.delete(clientId);
          giveBack();
          release();
          void connection.close();
        },
        onTaken: () => outflow.onTaken(),
        crowd,
      });
      const outflow = createOutflow(stream.backlog, crowd);
      const connection = createConnection({ ...host, principal, reserve: outflow.reserve }, (message) =>
        stream.send("message", JSON.stringify(message)),
      );
      const release = door.hold(visitor, stream.close);
      clients.set(clientId, { stream, connection, outflow, token_id: principal?.token_id });
      stream.send("endpoint", `/message?clientId=${clientId}`);
      return stream.response;
    },
    async take(request, { searchParams }, { principal }) {
      const clientId = searchParams.get("clientId") ?? searchParams.get("sessionId");
      if (clientId === null) {
        return refuse(400, "Bad Request: clientId is missing; GET /sse gives one");
      }
      const gone = () => refuse(404, "Client not found: its stream is closed; GET /sse opens one", RPC.sessionNotFound);
      const client = clients.get(clientId);
      // Another token's stream is as good as none.
      if (client === undefined || client.token_id !== principal?.token_id) {
        return gone();
      }
      const body = await readJson(request);
      stay(request);
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

import { type Connection, createConnection } from "../protocol/connection.ts";
import { RPC } from "../protocol/jsonrpc.ts";
import type { SessionHost } from "../protocol/sessions.ts";
import type { Crowd } from "./crowd.ts";
import type { Visitor } from "./door.ts";
import { readJson, refuse } from "./guard.ts";
import type { House } from "./house.ts";
import { createOutflow, type Outflow } from "./outflow.ts";
import { printed } from "./printed.ts";
import { createSessionId } from "./session-id.ts";
import { type EventStream, type OutletEvents, openEventStream } from "./sse.ts";

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

/** Opens the transport. */
export function createEventClients(host: SessionHost, house: House): EventClients {
  const { slots, stay } = house;
  const clients = new Map<string, EventClient>();
  const place = { host, house, clients };
  return {
    open(request, visitor) {
      stay(request);
      if (!slots.take()) {
        return slots.refusal();
      }
      return new EventClient(place, visitor).stream.response;
    },
    async take(request, { searchParams }, { principal }) {
      const clientId = searchParams.get("clientId") ?? searchParams.get("sessionId");
      if (clientId === null) {
        return refuse(400, "Bad Request: clientId is missing; GET /sse gives one");
      }
      const gone = () => refuse(404, "Client not found: its stream is closed; GET /sse opens one", RPC.sessionNotFound);
      const client = clients.get(clientId);
      // Another token's stream is as good as none.
      if (client === undefined || client.visitor.principal?.token_id !== principal?.token_id) {
        return gone();
      }
      const body = await readJson(request);
      stay(request);
      if ("refusal" in body) {
        return body.refusal;
      }
      const { connection, outflow } = client.ways();
      // Whoever does not read its answers is not taken on with more.
      (await outflow.reserve(0))();
      if (!clients.has(clientId)) {
        return gone();
      }
      connection.receive(body.value);
      return new Response("Accepted", { status: 202 });
    },
    async drained() {
      await Promise.all([...clients.values()].map((client) => client.drained()));
    },
    close() {
      for (const { stream } of clients.values()) {
        stream.close();
      }
    },
  };
}

interface Place {
  host: SessionHost;
  house: House;
  clients: Map<string, EventClient>;
}

/** The ways in and out of a client that has said something. */
interface Ways {
  connection: Connection;
  outflow: Outflow;
}

/** One client. A class, as thousands of them may be there and say nothing: functions of each would be most of its memory. */
class EventClient implements OutletEvents {
  readonly crowd: Crowd;
  readonly visitor: Visitor;
  readonly stream: EventStream;
  private readonly id = createSessionId();
  private readonly place: Place;
  private opened: Ways | undefined;

  constructor(place: Place, visitor: Visitor) {
    const { clients, house } = place;
    this.place = place;
    this.visitor = visitor;
    this.crowd = house.crowd;
    this.stream = openEventStream(this);
    house.door.hold(visitor, this.stream);
    clients.set(this.id, this);
    this.stream.send("endpoint", `/message?clientId=${this.id}`);
  }

  /** Opened when it first says something. */
  ways(): Ways {
    this.opened ??= this.openWays();
    return this.opened;
  }

  async drained(): Promise<void> {
    await this.opened?.connection.drained();
  }

  onTaken(): void {
    this.opened?.outflow.onTaken();
  }

  onClose(): void {
    const { clients, house } = this.place;
    clients.delete(this.id);
    house.slots.giveBack();
    house.door.release(this.visitor, this.stream);
    void this.opened?.connection.close();
  }

  private openWays(): Ways {
    const { stream, crowd, visitor } = this;
    const outflow = createOutflow(() => stream.backlog(), crowd);
    const client = { ...this.place.host, principal: visitor.principal, reserve: outflow.reserve };
    const connection = createConnection(client, (message) => stream.send("message", printed(message)));
    return { connection, outflow };
  }
}

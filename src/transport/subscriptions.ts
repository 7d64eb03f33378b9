import type { Id, RpcNotification, RpcRequest } from "../protocol/jsonrpc.ts";
import type { SessionHost } from "../protocol/sessions.ts";
import { agreeTo } from "../protocol/stateless.ts";
import { Subscription } from "../protocol/subscription.ts";
import type { Crowd } from "./crowd.ts";
import type { Visitor } from "./door.ts";
import type { House } from "./house.ts";
import { type EventStream, type OutletEvents, openEventStream } from "./sse.ts";

/** The subscriptions of 2026-07-28 that are open, each on the response to its `subscriptions/listen`. */
export interface Subscriptions {
  open(request: RpcRequest, headers: Headers, visitor: Visitor): Response;
  /** Ends them all, each with its result. */
  end(): void;
}

/** Where subscriptions are opened. */
export function createSubscriptions(host: SessionHost, house: House): Subscriptions {
  const place = { house, subscribers: new Set<Subscriber>() };
  return {
    open(request, headers, visitor) {
      host.table.onCall?.();
      const { refused, agreement } = agreeTo(host, request, headers);
      if (refused !== undefined) {
        return Response.json(refused.reply, { status: refused.status });
      }
      if (!house.slots.take()) {
        return house.slots.refusal();
      }
      const subscriber = new Subscriber(place, visitor, request.id);
      subscriber.subscription = new Subscription(host.table, request.id, agreement, subscriber);
      return subscriber.stream.response;
    },
    end() {
      for (const subscriber of place.subscribers) {
        subscriber.end();
      }
    },
  };
}

interface Place {
  house: House;
  subscribers: Set<Subscriber>;
}

/** Who listens. A class, as thousands of them may be there: functions of each would be most of its memory. */
class Subscriber implements OutletEvents {
  readonly crowd: Crowd;
  readonly stream: EventStream;
  subscription: Subscription | undefined;
  private readonly place: Place;
  private readonly visitor: Visitor;
  private readonly id: Id;

  constructor(place: Place, visitor: Visitor, id: Id) {
    this.place = place;
    this.visitor = visitor;
    this.id = id;
    this.crowd = place.house.crowd;
    this.stream = openEventStream(this);
    place.subscribers.add(this);
    place.house.door.hold(visitor, this.stream);
  }

  send(message: RpcNotification): void {
    this.stream.send("message", JSON.stringify(message));
  }

  end(): void {
    const result = this.subscription?.end();
    this.stream.send("message", JSON.stringify({ jsonrpc: "2.0", id: this.id, result }));
    this.stream.close();
  }

  onClose(): void {
    const { house, subscribers } = this.place;
    this.subscription?.end();
    subscribers.delete(this);
    house.door.release(this.visitor, this.stream);
    house.slots.giveBack();
  }
}

import { META } from "./envelope.ts";
import { ProtocolError } from "./failure.ts";
import type { HandlerTable, Listener, Notice } from "./handlers.ts";
import { type Id, isMembers, type Members, RPC, type RpcNotification } from "./jsonrpc.ts";

/** The lists a subscription may be told about. */
const LISTS = ["tools", "prompts", "resources"] as const;

/** URIs one subscription, or one session, may name. */
const SUBSCRIBED_URIS = 1024;

/** The URIs a client subscribed to, by the resource whose notices tell of them; each is told as the client wrote it. */
export class Uris {
  private readonly table: Pick<HandlerTable, "topicOf">;
  /** Topics by URI; made with the first. */
  private topics: Map<string, string> | undefined;

  constructor(table: Pick<HandlerTable, "topicOf">) {
    this.table = table;
  }

  /** Whether it is kept: no for one that nothing will ever be told of, and beyond the bound. */
  add(uri: string): boolean {
    const topic = this.table.topicOf === undefined ? uri : this.table.topicOf(uri);
    this.topics ??= new Map();
    if (topic === undefined || (this.topics.size >= SUBSCRIBED_URIS && !this.topics.has(uri))) {
      return false;
    }
    this.topics.set(uri, topic);
    return true;
  }

  remove(uri: string): void {
    this.topics?.delete(uri);
  }

  /** The notices of `notice` for this client. */
  told(notice: Notice): readonly Notice[] {
    if (!("uri" in notice)) {
      return [notice];
    }
    const told: Notice[] = [];
    for (const [uri, topic] of this.topics ?? []) {
      if (topic === notice.uri) {
        told.push({ uri });
      }
    }
    return told;
  }

  all(): string[] {
    return [...(this.topics?.keys() ?? [])];
  }
}

/** The notification that tells of `notice`. */
export function notificationOf(notice: Notice): { method: string; params: Members } {
  return "uri" in notice
    ? { method: "notifications/resources/updated", params: { uri: notice.uri } }
    : { method: `notifications/${notice.list}/list_changed`, params: {} };
}

/** What a subscriber asked for, as far as this server can tell it. */
interface Agreement {
  lists: readonly string[];
  uris: Uris;
  /** The same, as it is acknowledged. */
  agreed: Members;
}

/** Throws a `ProtocolError` where the parameters of `subscriptions/listen` do not say what to listen to. */
export function agreementOn(table: HandlerTable, params: Members): Agreement {
  const asked = params["notifications"];
  if (!isMembers(asked)) {
    throw new ProtocolError(RPC.invalidParams, "Invalid params: notifications, an object, says what to listen to");
  }
  const { capabilities } = table;
  const lists = LISTS.filter(
    (list) => asked[`${list}ListChanged`] === true && capabilities[list]?.["listChanged"] === true,
  );
  const named = asked["resourceSubscriptions"];
  const subscribable = Array.isArray(named) && capabilities["resources"]?.["subscribe"] === true;
  const uris = new Uris(table);
  for (const uri of subscribable ? named : []) {
    if (typeof uri === "string") {
      uris.add(uri);
    }
  }
  const agreed = Object.fromEntries(lists.map((list) => [`${list}ListChanged`, true]));
  return { lists, uris, agreed: subscribable ? { ...agreed, resourceSubscriptions: uris.all() } : agreed };
}

/** The way to a subscriber. */
interface Subscriber {
  send(notification: RpcNotification): void;
}

/**
 * An open `subscriptions/listen`: acknowledges what it will tell, and tells it, each message tagged with the request's
 * id. A class, as thousands of them may be open: functions of each would be most of its memory.
 */
export class Subscription implements Listener {
  private readonly table: HandlerTable;
  private readonly id: Id;
  private readonly lists: readonly string[];
  private readonly uris: Uris;
  private readonly subscriber: Subscriber;

  constructor(table: HandlerTable, id: Id, { lists, uris, agreed }: Agreement, subscriber: Subscriber) {
    this.table = table;
    this.id = id;
    this.lists = lists;
    this.uris = uris;
    this.subscriber = subscriber;
    this.send("notifications/subscriptions/acknowledged", { notifications: agreed });
    table.feed.add(this);
  }

  told(notice: Notice): void {
    if ("uri" in notice || this.lists.includes(notice.list)) {
      for (const told of this.uris.told(notice)) {
        const { method, params } = notificationOf(told);
        this.send(method, params);
      }
    }
  }

  /** Tells nothing more; answers the result of a subscription that its server has ended. */
  end(): Members {
    this.table.feed.remove(this);
    return { resultType: "complete", _meta: { [META.subscription]: this.id, [META.server]: this.table.info } };
  }

  private send(method: string, params: Members): void {
    this.subscriber.send({ jsonrpc: "2.0", method, params: { ...params, _meta: { [META.subscription]: this.id } } });
  }
}

/** Resolves when the signal is aborted: with the result where the server ends, with nothing where the client cancels. */
export function endOf(subscription: Subscription, signal: AbortSignal): Promise<Members | undefined> {
  return new Promise((resolve) => {
    const end = () => {
      const result = subscription.end();
      resolve(signal.reason === "shutdown" ? result : undefined);
    };
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) {
      end();
    }
  });
}

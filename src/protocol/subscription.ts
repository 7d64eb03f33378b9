import { type Exchange, META } from "./envelope.ts";
import { ProtocolError } from "./failure.ts";
import type { HandlerTable, Notice } from "./handlers.ts";
import { type Id, isMembers, type Members, RPC } from "./jsonrpc.ts";

/** The lists a subscription may be told about. */
const LISTS = ["tools", "prompts", "resources"] as const;

/** URIs one subscription, or one session, may name. */
const SUBSCRIBED_URIS = 1024;

/** The URIs a client subscribed to, by the resource whose notices tell of them; each is told as the client wrote it. */
export function createUris(table: Pick<HandlerTable, "topicOf">) {
  const uris = new Map<string, string>();
  const topicOf = (uri: string) => (table.topicOf === undefined ? uri : table.topicOf(uri));
  return {
    /** Whether it is kept: no for one that nothing will ever be told of, and beyond the bound. */
    add(uri: string): boolean {
      const topic = topicOf(uri);
      if (topic === undefined || (uris.size >= SUBSCRIBED_URIS && !uris.has(uri))) {
        return false;
      }
      uris.set(uri, topic);
      return true;
    },
    remove: (uri: string) => void uris.delete(uri),
    /** The notices of `notice` for this client. */
    told: (notice: Notice): Notice[] =>
      "uri" in notice ? [...uris].filter(([, topic]) => topic === notice.uri).map(([uri]) => ({ uri })) : [notice],
    all: () => [...uris.keys()],
  };
}

/** The notification that tells of `notice`. */
export function notificationOf(notice: Notice): { method: string; params: Members } {
  return "uri" in notice
    ? { method: "notifications/resources/updated", params: { uri: notice.uri } }
    : { method: `notifications/${notice.list}/list_changed`, params: {} };
}

/**
 * `subscriptions/listen`: acknowledges what it will tell, tells it, each message tagged with the request's id, and ends
 * with a result when the server does; with nothing when the client cancels.
 */
export function subscribe(
  table: HandlerTable,
  params: Members,
  id: Id,
  { signal, send }: Exchange,
  stamp: Members,
): Promise<Members | undefined> {
  const asked = params["notifications"];
  if (!isMembers(asked)) {
    throw new ProtocolError(RPC.invalidParams, "Invalid params: notifications, an object, says what to listen to");
  }
  const tag = { [META.subscription]: id };
  const { lists, uris, agreed } = agreement(table, asked);
  send({
    jsonrpc: "2.0",
    method: "notifications/subscriptions/acknowledged",
    params: { notifications: agreed, _meta: tag },
  });
  const leave = table.feed((notice) => {
    if ("uri" in notice || lists.has(notice.list)) {
      for (const told of uris.told(notice)) {
        const { method, params: about } = notificationOf(told);
        send({ jsonrpc: "2.0", method, params: { ...about, _meta: tag } });
      }
    }
  });
  return new Promise((resolve) => {
    const end = () => {
      leave();
      resolve(signal.reason === "shutdown" ? { resultType: "complete", _meta: { ...tag, ...stamp } } : undefined);
    };
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) {
      end();
    }
  });
}

/** The part of what was asked that this server can tell. */
function agreement(table: HandlerTable, asked: Members) {
  const { capabilities } = table;
  const lists = new Set<string>(
    LISTS.filter((list) => asked[`${list}ListChanged`] === true && capabilities[list]?.["listChanged"] === true),
  );
  const named = asked["resourceSubscriptions"];
  const subscribable = Array.isArray(named) && capabilities["resources"]?.["subscribe"] === true;
  const uris = createUris(table);
  for (const uri of subscribable ? named : []) {
    if (typeof uri === "string") {
      uris.add(uri);
    }
  }
  const agreed = Object.fromEntries([...lists].map((list) => [`${list}ListChanged`, true]));
  return { lists, uris, agreed: subscribable ? { ...agreed, resourceSubscriptions: uris.all() } : agreed };
}

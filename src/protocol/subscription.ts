import { type Exchange, META } from "./envelope.ts";
import { ProtocolError } from "./failure.ts";
import type { HandlerTable, Notice } from "./handlers.ts";
import { type Id, isMembers, type Members, RPC } from "./jsonrpc.ts";

/** The lists a subscription may be told about. */
const LISTS = ["tools", "prompts", "resources"] as const;

/** URIs one subscription, or one session, may name. */
export const SUBSCRIBED_URIS = 1024;

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
    if ("uri" in notice ? uris.has(notice.uri) : lists.has(notice.list)) {
      const { method, params: told } = notificationOf(notice);
      send({ jsonrpc: "2.0", method, params: { ...told, _meta: tag } });
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
function agreement({ capabilities }: HandlerTable, asked: Members) {
  const lists = new Set<string>(
    LISTS.filter((list) => asked[`${list}ListChanged`] === true && capabilities[list]?.["listChanged"] === true),
  );
  const named = asked["resourceSubscriptions"];
  const subscribable = Array.isArray(named) && capabilities["resources"]?.["subscribe"] === true;
  const uris = new Set<string>(
    subscribable ? named.filter((uri) => typeof uri === "string").slice(0, SUBSCRIBED_URIS) : [],
  );
  const agreed = Object.fromEntries([...lists].map((list) => [`${list}ListChanged`, true]));
  return { lists, uris, agreed: subscribable ? { ...agreed, resourceSubscriptions: [...uris] } : agreed };
}

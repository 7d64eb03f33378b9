import { claims, REVISION } from "../protocol/envelope.ts";
import { classify, type RpcNotification, type RpcRequest } from "../protocol/jsonrpc.ts";
import type { SessionHost } from "../protocol/sessions.ts";
import { answerStateless } from "../protocol/stateless.ts";
import { type EventStream, openEventStream } from "./sse.ts";

/** A POST of 2026-07-28; a notification needs no answer. */
type StatelessPost = { request: RpcRequest } | { notification: RpcNotification };

/** The newest revision that has sessions; what asks for a later one is of the stateless era. */
const NEWEST_WITH_SESSIONS = "2025-11-25";

/** A body as a message of 2026-07-28, if it is one: by its claim first, by its headers where it makes none. */
export function statelessRequest(value: unknown, headers: Headers): StatelessPost | undefined {
  const classified = classify(value);
  if (classified.kind !== "request" && classified.kind !== "notification") {
    return undefined;
  }
  const version = headers.get("mcp-protocol-version");
  const hinted =
    classified.message.method !== "initialize" &&
    !headers.has("mcp-session-id") &&
    (version === REVISION || headers.has("mcp-method") || (version !== null && version > NEWEST_WITH_SESSIONS));
  if (!claims(classified.message) && !hinted) {
    return undefined;
  }
  return classified.kind === "request" ? { request: classified.message } : { notification: classified.message };
}

/** Answers POSTs of 2026-07-28, each by itself: JSON, or an event stream where something is said before the answer. */
export function createStatelessPosts(host: SessionHost) {
  // Each answer has a response of its own, which is read or not.
  const reserve = async () => () => undefined;
  const running = new Set<{ method: string; abort: AbortController; answering: Promise<void> }>();

  function answerRequest(request: RpcRequest, { signal, headers }: Request): Promise<Response> {
    const abort = new AbortController();
    // Closing the response is how a client of this revision cancels.
    signal.addEventListener("abort", () => abort.abort("cancelled"), { once: true });
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    let stream: EventStream | undefined;
    const open = () => {
      if (stream === undefined) {
        stream = openEventStream({ onClose: () => abort.abort("cancelled") });
        resolve(stream.response);
      }
      return stream;
    };
    const send = (notification: RpcNotification) => open().send("message", JSON.stringify(notification));
    const linger = () => open().comment();
    const entry = { method: request.method, abort, answering: Promise.resolve() };
    running.add(entry);
    entry.answering = answerStateless(host, request, { signal: abort.signal, send, linger, reserve, headers })
      .then((answered) => {
        if (stream !== undefined) {
          if (answered !== undefined) {
            stream.send("message", JSON.stringify(answered.reply));
          }
          stream.close();
        } else {
          // A client that cancelled reads no answer; 499 is what proxies call it.
          resolve(
            answered === undefined
              ? new Response(null, { status: 499 })
              : Response.json(answered.reply, { status: answered.status }),
          );
        }
      })
      .catch(reject)
      .finally(() => running.delete(entry));
    return promise;
  }

  return {
    async answer(post: StatelessPost, request: Request): Promise<Response> {
      return "notification" in post ? new Response(null, { status: 202 }) : answerRequest(post.request, request);
    },
    /** Ends subscriptions, which never end by themselves, and waits for the answers in flight. */
    async drained(): Promise<void> {
      for (const { method, abort } of running) {
        if (method === "subscriptions/listen") {
          abort.abort("shutdown");
        }
      }
      await Promise.all([...running].map(({ answering }) => answering));
    },
  };
}

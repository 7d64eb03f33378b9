import { claims, REVISION } from "../protocol/envelope.ts";
import { classify, type RpcNotification, type RpcRequest } from "../protocol/jsonrpc.ts";
import type { SessionHost } from "../protocol/sessions.ts";
import { answerStateless, type StatelessReply } from "../protocol/stateless.ts";
import type { Crowd } from "./crowd.ts";
import type { Visitor } from "./door.ts";
import type { House } from "./house.ts";
import { type EventStream, largeAnswer, openEventStream } from "./sse.ts";
import { createSubscriptions } from "./subscriptions.ts";

/** A POST of 2026-07-28; a notification needs no answer. */
type StatelessPost = { request: RpcRequest } | { notification: RpcNotification };

/** The newest revision that has sessions; what asks for a later one is of the stateless era. */
const NEWEST_WITH_SESSIONS = "2025-11-25";

/** From so many characters on, an answer counts as large. */
const LARGE_CHARACTERS = 64 * 1024;

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

/**
 * The response to one request: JSON, or an event stream once something is said before the answer. Where no stream is
 * free, or the client has gone, `abort` is aborted.
 */
function createReply(visitor: Visitor, { door, slots, crowd }: House, abort: AbortController) {
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  let stream: EventStream | undefined;
  return {
    response: promise,
    fail: reject,
    /** The stream, opened where it is not yet. */
    open(): EventStream | undefined {
      if (stream !== undefined || abort.signal.aborted) {
        return stream;
      }
      if (!slots.take()) {
        resolve(slots.refusal());
        abort.abort("cancelled");
        return undefined;
      }
      const opened = openEventStream({
        onClose() {
          slots.giveBack();
          door.release(visitor, opened);
          abort.abort("cancelled");
        },
        crowd,
      });
      door.hold(visitor, opened);
      stream = opened;
      resolve(opened.response);
      return opened;
    },
    /** Gives the answer, or none where the client has cancelled. */
    finish(answered: StatelessReply | undefined): void {
      if (stream !== undefined) {
        if (answered !== undefined) {
          stream.send("message", JSON.stringify(answered.reply));
        }
        stream.close();
      } else if (answered === undefined) {
        // A client that cancelled reads no answer; 499 is what proxies call it.
        resolve(new Response(null, { status: 499 }));
      } else {
        resolve(jsonAnswer(answered, crowd));
      }
    },
  };
}

/** An answer in a response of its own; one that weighs is counted until it is read. */
function jsonAnswer({ reply, status }: StatelessReply, crowd: Crowd): Response {
  const json = JSON.stringify(reply);
  return json.length > LARGE_CHARACTERS
    ? largeAnswer(json, status, { onClose: () => undefined, crowd })
    : new Response(json, { status, headers: { "content-type": "application/json;charset=utf-8" } });
}

/** Answers POSTs of 2026-07-28, each by itself. */
export function createStatelessPosts(host: SessionHost, house: House) {
  // Each answer has a response of its own, which is read or not: only all of them together are bounded.
  const { reserve } = house.crowd;
  const running = new Set<Promise<void>>();
  const subscriptions = createSubscriptions(host, house);

  function answerRequest(request: RpcRequest, { signal, headers }: Request, visitor: Visitor): Promise<Response> {
    const { principal } = visitor;
    const abort = new AbortController();
    // Closing the response is how a client of this revision cancels.
    signal.addEventListener("abort", () => abort.abort("cancelled"), { once: true });
    const reply = createReply(visitor, house, abort);
    const send = (notification: RpcNotification) => reply.open()?.send("message", JSON.stringify(notification));
    const linger = () => reply.open()?.comment();
    const exchange = { signal: abort.signal, send, linger, reserve, principal, headers };
    const answering = answerStateless(host, request, exchange)
      .then(reply.finish)
      .catch(reply.fail)
      .finally(() => running.delete(answering));
    running.add(answering);
    return reply.response;
  }

  return {
    async answer(post: StatelessPost, request: Request, visitor: Visitor): Promise<Response> {
      if ("notification" in post) {
        return new Response(null, { status: 202 });
      }
      return post.request.method === "subscriptions/listen"
        ? subscriptions.open(post.request, request.headers, visitor)
        : answerRequest(post.request, request, visitor);
    },
    /** Ends subscriptions, which never end by themselves, and waits for the answers in flight. */
    async drained(): Promise<void> {
      subscriptions.end();
      await Promise.all(running);
    },
  };
}

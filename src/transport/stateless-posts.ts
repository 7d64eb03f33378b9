import { claims, REVISION } from "../protocol/envelope.ts";
import { classify, type RpcNotification, type RpcRequest } from "../protocol/jsonrpc.ts";
import type { SessionHost } from "../protocol/sessions.ts";
import { answerAtOnce, answerLater, type StatelessReply } from "../protocol/stateless.ts";
import type { Crowd } from "./crowd.ts";
import type { Visitor } from "./door.ts";
import type { House } from "./house.ts";
import { printed } from "./printed.ts";
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
  const { message } = classified;
  if (!claims(message) && (message.method === "initialize" || !isHinted(headers))) {
    return undefined;
  }
  return classified.kind === "request" ? { request: classified.message } : { notification: classified.message };
}

/** Whether headers tell of 2026-07-28, or of what is yet to come. */
function isHinted(headers: Headers): boolean {
  const version = headers.get("mcp-protocol-version");
  return (
    !headers.has("mcp-session-id") &&
    (version === REVISION || headers.has("mcp-method") || (version !== null && version > NEWEST_WITH_SESSIONS))
  );
}

/** How a request ends before its answer. Most are answered before anybody asks for the signal: it is made then. */
function createEarlyEnd(request: Request) {
  let abort: AbortController | undefined;
  let over = false;

  function cancel(): void {
    over = true;
    abort?.abort("cancelled");
  }

  return {
    cancel,
    isOver: () => over,
    signal(): AbortSignal {
      if (abort === undefined) {
        abort = new AbortController();
        // Closing the response is how a client of this revision cancels.
        request.signal.addEventListener("abort", cancel, { once: true });
        if (over || request.signal.aborted) {
          cancel();
        }
      }
      return abort.signal;
    },
  };
}

type EarlyEnd = ReturnType<typeof createEarlyEnd>;

/**
 * The response to one request: JSON, or an event stream once something is said before the answer. Where no stream is
 * free, or the client has gone, `early` ends it.
 */
function createReply(visitor: Visitor, { door, slots, crowd }: House, early: EarlyEnd) {
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  let stream: EventStream | undefined;
  return {
    response: promise,
    fail: reject,
    /** The stream, opened where it is not yet. */
    open(): EventStream | undefined {
      if (stream !== undefined || early.isOver()) {
        return stream;
      }
      if (!slots.take()) {
        resolve(slots.refusal());
        early.cancel();
        return undefined;
      }
      const opened = openEventStream({
        onClose() {
          slots.giveBack();
          door.release(visitor, opened);
          early.cancel();
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
          stream.send("message", printed(answered.reply));
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

const JSON_TYPE = new Headers({ "content-type": "application/json;charset=utf-8" });

/** An answer in a response of its own; one that weighs is counted until it is read. */
function jsonAnswer({ reply, status, json: known }: StatelessReply, crowd: Crowd): Response {
  const json = known ?? printed(reply);
  return typeof json !== "string" || json.length > LARGE_CHARACTERS
    ? largeAnswer(json, status, { onClose: () => undefined, crowd })
    : new Response(json, { status, headers: JSON_TYPE });
}

/** Answers POSTs of 2026-07-28, each by itself. */
export function createStatelessPosts(host: SessionHost, house: House) {
  // Each answer has a response of its own, which is read or not: only all of them together are bounded.
  const { reserve } = house.crowd;
  const running = new Set<Promise<void>>();
  const subscriptions = createSubscriptions(host, house);

  function answerRequest(message: RpcRequest, request: Request, visitor: Visitor): Response | Promise<Response> {
    const { headers } = request;
    const atOnce = answerAtOnce(host, message, headers);
    if (atOnce !== undefined) {
      return jsonAnswer(atOnce, house.crowd);
    }
    house.stay(request);
    const early = createEarlyEnd(request);
    const reply = createReply(visitor, house, early);
    const exchange = {
      get signal() {
        return early.signal();
      },
      isOver: early.isOver,
      send: (notification: RpcNotification) => reply.open()?.send("message", JSON.stringify(notification)),
      linger: () => reply.open()?.comment(),
      reserve,
      principal: visitor.principal,
      headers,
    };
    const answering = answerLater(host, message, exchange)
      .then((answered) => {
        running.delete(answering);
        reply.finish(answered);
      })
      .catch(reply.fail);
    running.add(answering);
    return reply.response;
  }

  return {
    answer(post: StatelessPost, request: Request, visitor: Visitor): Response | Promise<Response> {
      if ("notification" in post) {
        return new Response(null, { status: 202 });
      }
      if (post.request.method === "subscriptions/listen") {
        house.stay(request);
        return subscriptions.open(post.request, request.headers, visitor);
      }
      return answerRequest(post.request, request, visitor);
    },
    /** Ends subscriptions, which never end by themselves, and waits for the answers in flight. */
    async drained(): Promise<void> {
      subscriptions.end();
      await Promise.all(running);
    },
  };
}

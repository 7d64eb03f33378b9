import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import type { Id } from "../protocol/jsonrpc.ts";
import type { Relay } from "./relay.ts";

/** A POST of a session whose requests are under way. */
export interface Post {
  /** Ids that are neither answered nor cancelled. */
  open: Set<Id>;
  /** Whether a request of it was cancelled: then the SDK waits for that answer for ever, and we end the response. */
  cancelled: boolean;
  /** Its response, once there is one. */
  stream?: Relay;
  /** Aborted when its response has ended, where somebody asked. */
  left?: AbortController;
}

/** The requests of one session that are under way, by the POST whose response waits for them. */
export function createSessionPosts() {
  const posts = new Map<Id, Post>();

  function leave(id: Id): Post | undefined {
    const post = posts.get(id);
    post?.open.delete(id);
    posts.delete(id);
    return post;
  }

  return {
    /** Why a body is refused, if so: an id may be used again only once its request is answered. */
    fault(messages: readonly JSONRPCMessage[]): string | undefined {
      const ids = messages.flatMap(requestId);
      const used = ids.find((id, index) => posts.has(id) || ids.indexOf(id) < index);
      return used === undefined ? undefined : `the id ${JSON.stringify(used)} is in use by a request under way`;
    },
    begin(messages: readonly JSONRPCMessage[]): Post {
      const post: Post = { open: new Set(messages.flatMap(requestId)), cancelled: false };
      for (const id of post.open) {
        posts.set(id, post);
      }
      return post;
    },
    /** The signal that the client has hung up on a request under way: what is left of the answer has to be fetched. */
    leaving(id: Id): AbortSignal {
      const post = posts.get(id);
      if (post === undefined) {
        return AbortSignal.abort();
      }
      post.left ??= new AbortController();
      return post.left.signal;
    },
    /** The response has ended, whatever became of its requests. */
    finish(post: Post): void {
      for (const id of [...post.open]) {
        leave(id);
      }
    },
    /** A request is answered; with the last answer the SDK ends the response, or we do. */
    settle(id: Id): void {
      const post = leave(id);
      if (post?.open.size === 0 && post.cancelled) {
        // In a later turn of the event loop: by then the answer is on its way.
        setTimeout(() => post.stream?.close(), 0);
      }
    },
    /** A cancelled request is never answered. */
    cancel(messages: readonly JSONRPCMessage[]): void {
      for (const message of messages) {
        const id =
          "method" in message && message.method === "notifications/cancelled"
            ? message.params?.["requestId"]
            : undefined;
        const post = typeof id === "string" || typeof id === "number" ? leave(id) : undefined;
        if (post !== undefined) {
          post.cancelled = true;
          if (post.open.size === 0) {
            post.stream?.close();
          }
        }
      }
    },
  };
}

function requestId(message: JSONRPCMessage): Id[] {
  return "method" in message && "id" in message ? [message.id] : [];
}

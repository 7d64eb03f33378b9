import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import type { Id, RpcErrorReply } from "./jsonrpc.ts";

/** What goes back to a client. */
export type Reply = JSONRPCMessage | RpcErrorReply;

/** A batch being answered: one array, once every request in it is. */
export interface Batch {
  waiting: number;
  replies: Reply[];
}

/** The requests of one connection that are not answered yet, and where their answers go. */
export interface Answers {
  /** Whether a request of this id is waiting for its answer. */
  expects(id: Id): boolean;
  expect(id: Id, batch?: Batch): void;
  /** Sends a message of the session's, an answer to its batch where it has one. */
  send(message: Reply): void;
  /** Sends a refusal of what was never expected, whatever id it has. */
  refuse(reply: Reply, batch?: Batch): void;
  /** A cancelled request is never answered. */
  forget(id: unknown): void;
  /** One fewer to wait for; the last one's batch goes out. */
  finish(batch: Batch): void;
  /** How many requests are waiting. */
  size(): number;
}

/** Keeps track of answers; `onSettled` is called after each. */
export function createAnswers(send: (message: Reply | readonly Reply[]) => void, onSettled: () => void): Answers {
  const waiting = new Map<Id, number>();
  const batches = new Map<Id, Batch>();

  function finish(batch: Batch): void {
    batch.waiting--;
    if (batch.waiting === 0 && batch.replies.length > 0) {
      send(batch.replies);
    }
  }

  function settle(id: Id): void {
    const count = waiting.get(id) ?? 0;
    if (count > 1) {
      waiting.set(id, count - 1);
    } else {
      waiting.delete(id);
    }
    onSettled();
  }

  /** The request is answered, or never will be. */
  function leave(id: unknown): void {
    if ((typeof id === "string" || typeof id === "number") && waiting.has(id)) {
      const batch = batches.get(id);
      batches.delete(id);
      if (batch !== undefined) {
        finish(batch);
      }
      settle(id);
    }
  }

  return {
    expects: (id) => waiting.has(id),
    expect(id, batch) {
      waiting.set(id, (waiting.get(id) ?? 0) + 1);
      if (batch !== undefined) {
        batch.waiting++;
        batches.set(id, batch);
      }
    },
    send(message) {
      const id = "method" in message ? undefined : (message.id ?? undefined);
      const batch = id === undefined ? undefined : batches.get(id);
      if (batch === undefined) {
        send(message);
      } else {
        batch.replies.push(message);
      }
      leave(id);
    },
    refuse(reply, batch) {
      if (batch === undefined) {
        send(reply);
      } else {
        batch.replies.push(reply);
      }
    },
    forget: leave,
    finish,
    size: () => waiting.size,
  };
}

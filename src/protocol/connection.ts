import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { type Answers, type Batch, createAnswers, type Reply } from "./answers.ts";
import { claims } from "./envelope.ts";
import { classify, errorReply, type Id, RPC, type RpcRequest } from "./jsonrpc.ts";
import type { ClientHost } from "./sessions.ts";
import { answerStateless } from "./stateless.ts";

/** One client on a transport of ours (stdio, the 2024-11-05 event stream): JSON values in, messages out. */
export interface Connection {
  /** Takes one parsed JSON value, a message or a batch; answers go to `send` as they come. */
  receive(value: unknown): void;
  /** Resolves when everything received has been answered. */
  drained(): Promise<void>;
  /** Cancels what is in flight. */
  close(): Promise<void>;
}

type Sessions = typeof import("./sessions.ts");

/**
 * Opens a connection. Each message is of the era it claims: 2026-07-28, where the transport has it, is answered by
 * itself, everything else by one SDK session, loaded with the first such message. Messages are begun in the order they came.
 */
export function createConnection(host: ClientHost, send: (message: Reply | readonly Reply[]) => void): Connection {
  const idle: (() => void)[] = [];
  let received = 0;
  let opening: ReturnType<typeof open> | undefined;

  function notice(): void {
    if (received === 0 && answers.size() === 0 && stateless.size() === 0) {
      for (const resolve of idle.splice(0)) {
        resolve();
      }
    }
  }

  const answers = createAnswers(send, notice);
  const stateless = createStatelessSide(host, send, notice);
  const wire: Transport = {
    start: async () => undefined,
    send: async (message) => answers.send(message),
    close: async () => wire.onclose?.(),
  };

  async function open() {
    const sessions = await (await import("./load-sessions.ts")).loadSessions(host);
    const server = await sessions.openSession(host, wire);
    return { server, take: createReceiver(sessions, answers, (message) => wire.onmessage?.(message)) };
  }

  return {
    receive(value) {
      if (host.stateless === true && stateless.take(value)) {
        return;
      }
      received++;
      opening ??= open();
      opening
        .then(({ take }) => take(value))
        .catch((error) => host.log.error("message failed", error))
        .finally(() => {
          received--;
          notice();
        });
    },
    drained: () =>
      new Promise((resolve) => {
        stateless.endSubscriptions();
        idle.push(resolve);
        notice();
      }),
    async close() {
      stateless.cancelAll();
      await (await opening)?.server.close();
    },
  };
}

/** The requests of 2026-07-28 on a connection that they share with a session's. */
function createStatelessSide(host: ClientHost, send: (message: Reply) => void, onSettled: () => void) {
  const running = new Map<Id, { request: RpcRequest; abort: AbortController }>();

  async function answer(request: RpcRequest): Promise<void> {
    const abort = new AbortController();
    running.set(request.id, { request, abort });
    try {
      const { signal } = abort;
      const exchange = { signal, isOver: () => signal.aborted, send, reserve: host.reserve };
      const answered = await answerStateless(host, request, exchange);
      if (answered !== undefined) {
        send(answered.reply);
      }
    } finally {
      running.delete(request.id);
      onSettled();
    }
  }

  return {
    /** Whether the message is of this era, and thereby taken care of. */
    take(value: unknown): boolean {
      const classified = classify(value);
      if (classified.kind === "notification" && classified.message.method === "notifications/cancelled") {
        const id = classified.message.params?.["requestId"];
        const found = typeof id === "string" || typeof id === "number" ? running.get(id) : undefined;
        found?.abort.abort("cancelled");
        return found !== undefined;
      }
      if (classified.kind !== "request" || !isStateless(classified.message)) {
        return false;
      }
      if (running.has(classified.message.id)) {
        const reason = "Invalid Request: the id is in use by a request under way";
        send(errorReply(classified.message.id, RPC.invalidRequest, reason));
        return true;
      }
      answer(classified.message).catch((error) => host.log.error("message failed", error));
      return true;
    },
    /** Subscriptions never end by themselves: at the end of input they end gracefully. */
    endSubscriptions(): void {
      for (const { request, abort } of running.values()) {
        if (request.method === "subscriptions/listen") {
          abort.abort("shutdown");
        }
      }
    },
    cancelAll(): void {
      for (const { abort } of running.values()) {
        abort.abort("shutdown");
      }
    },
    size: () => running.size,
  };
}

/** Whether a request is of 2026-07-28: by its claim, or as a method that only this revision has. */
function isStateless(request: RpcRequest): boolean {
  return claims(request) || request.method === "server/discover" || request.method === "subscriptions/listen";
}

/** Sorts what a client sends: refusals are answered at once, everything else goes on to the SDK. */
function createReceiver(
  sessions: Sessions,
  answers: Answers,
  pass: (message: JSONRPCMessage) => void,
): (value: unknown) => void {
  let revision: string | undefined;

  function takeOne(value: unknown, batch?: Batch): void {
    const admitted = sessions.admit(value);
    if ("reply" in admitted) {
      answers.refuse(admitted.reply, batch);
      return;
    }
    const { message } = admitted;
    if ("method" in message && "id" in message) {
      if (batch !== undefined && (message.method === "initialize" || answers.expects(message.id))) {
        const reason = message.method === "initialize" ? "initialize stands alone" : "the id is in use";
        answers.refuse(errorReply(message.id, RPC.invalidRequest, `Invalid Request: ${reason}`), batch);
        return;
      }
      if (message.method === "initialize") {
        revision = sessions.negotiated(message.params?.["protocolVersion"]);
      }
      answers.expect(message.id, batch);
    } else if ("method" in message && message.method === "notifications/cancelled") {
      answers.forget(message.params?.["requestId"]);
    }
    pass(message);
  }

  function takeBatch(values: readonly unknown[]): void {
    const fault = sessions.batchFault(revision, values.length);
    if (fault !== undefined) {
      answers.refuse(errorReply(null, RPC.invalidRequest, `Invalid Request: ${fault}`));
      return;
    }
    // The batch waits for itself too, so that it is not answered before its last message is begun.
    const batch: Batch = { waiting: 1, replies: [] };
    for (const value of values) {
      takeOne(value, batch);
    }
    answers.finish(batch);
  }

  return (value) => (Array.isArray(value) ? takeBatch(value) : takeOne(value));
}

/** Comments keep proxies and clients from taking silence for death; the SDK's own interval. */
const KEEP_ALIVE_MS = 15_000;

/** What a client may leave unread, in bytes, before the next message cuts it off. */
const BACKLOG_BYTES = 32 * 1024 * 1024;

/** How many keep-alive intervals a backlog may stand still before the client is taken for gone. */
const STALLED_INTERVALS = 2;

const BUFFER_BYTES = 64 * 1024;

/** The one place an event stream's bytes go out: bounded, and ended once. */
export interface Outlet {
  readonly stream: ReadableStream<Uint8Array>;
  /** Queues bytes; cuts a client that has left too much unread. */
  push(bytes: Uint8Array): void;
  /** Ends the stream after what is queued. */
  end(): void;
}

/** Opens an outlet; `onClose` is called once, however it ends. */
export function openOutlet(onClose: () => void): Outlet {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let stalled = { backlog: 0, intervals: 0 };
  const backlog = () => BUFFER_BYTES - (controller?.desiredSize ?? BUFFER_BYTES);
  const watch = setInterval(() => {
    const now = backlog();
    const still = now > 0 && now >= stalled.backlog;
    stalled = { backlog: now, intervals: still ? stalled.intervals + 1 : 0 };
    if (stalled.intervals >= STALLED_INTERVALS) {
      cut();
    }
  }, KEEP_ALIVE_MS);
  watch.unref();

  function close(finish: (controller: ReadableStreamDefaultController<Uint8Array>) => void): void {
    const open = controller;
    if (open !== undefined) {
      controller = undefined;
      clearInterval(watch);
      finish(open);
      onClose();
    }
  }

  function cut(): void {
    close((open) => open.error(new Error("the client does not read")));
  }

  const stream = new ReadableStream<Uint8Array>(
    {
      start: (opened) => {
        controller = opened;
      },
      cancel: () => close(() => undefined),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: BUFFER_BYTES }),
  );
  return {
    stream,
    push(bytes) {
      if (backlog() > BACKLOG_BYTES) {
        cut();
      }
      controller?.enqueue(bytes);
    },
    end: () => close((open) => open.close()),
  };
}

/** An event stream of ours. */
export interface EventStream {
  readonly response: Response;
  send(event: string, data: string): void;
  close(): void;
}

const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

/** Opens an event stream with keep-alive comments; `onClose` is called once, however it ends. */
export function openEventStream(onClose: () => void): EventStream {
  const encoder = new TextEncoder();
  const outlet = openOutlet(() => {
    clearInterval(keepAlive);
    onClose();
  });
  const keepAlive = setInterval(() => outlet.push(encoder.encode(": keep-alive\n\n")), KEEP_ALIVE_MS);
  keepAlive.unref();
  return {
    response: new Response(outlet.stream, { headers: HEADERS }),
    send: (event, data) => outlet.push(encoder.encode(`event: ${event}\ndata: ${data}\n\n`)),
    close: () => outlet.end(),
  };
}

/**
 * Somebody else's event stream under our bounds; a response that is none passes as it is. It begins with a comment:
 * the head goes out with the first byte, and a client waits for the head.
 */
export function relay(response: Response, onClose: () => void): Response {
  const { body, headers, status } = response;
  if (body === null || headers.get("content-type") !== "text/event-stream") {
    onClose();
    return response;
  }
  const source = body.getReader();
  const outlet = openOutlet(() => {
    void source.cancel().catch(() => undefined);
    onClose();
  });
  outlet.push(new TextEncoder().encode(": open\n\n"));
  void pump(source, outlet);
  return new Response(outlet.stream, { status, headers });
}

async function pump(source: { read(): Promise<{ value?: Uint8Array | undefined }> }, outlet: Outlet): Promise<void> {
  try {
    for (let { value } = await source.read(); value !== undefined; { value } = await source.read()) {
      outlet.push(value);
    }
  } finally {
    outlet.end();
  }
}

import type { Crowd } from "./crowd.ts";

/** Comments keep proxies, clients and our own idle timeout from taking silence for death; the SDK's own interval. */
const KEEP_ALIVE_MS = 15_000;

/** What a client may leave unread, in bytes, before it is cut off at once. */
const BACKLOG_BYTES = 64 * 1024 * 1024;

/** How long a backlog may stand still before the client is cut off, in milliseconds, and how often it is looked at. */
const STALLED_MS = 20_000;
const LOOK_MS = 5000;

/** Bytes are queued in pieces of this size, so that a slow reader is seen to read. */
const PIECE_BYTES = 64 * 1024;

/** The one place an event stream's bytes go out: bounded, and ended once. */
interface Outlet {
  readonly stream: ReadableStream<Uint8Array>;
  /** Queues bytes; cuts a client that has left too much unread. */
  push(bytes: Uint8Array): void;
  /** Ends the stream after what is queued, and as good as read. */
  end(): void;
  /** Bytes that the client has not taken yet; 0 once the stream has ended. */
  backlog(): number;
}

/** What an outlet tells about its client. */
export interface OutletEvents {
  /** Once, however the stream ends. */
  onClose(): void;
  /** Whenever the client has taken what was queued. */
  onTaken?(): void;
  /** The clients of the server, of whom this one is. */
  crowd: Crowd;
}

function openOutlet({ onClose, onTaken, crowd }: OutletEvents): Outlet {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let taken = performance.now();
  let ending = false;
  const pieces = createPieces();
  const backlog = () => pieces.bytes() + PIECE_BYTES - (controller?.desiredSize ?? PIECE_BYTES);
  const unwatch = watchStalled(backlog, cut);

  function close(finish: (controller: ReadableStreamDefaultController<Uint8Array>) => void): void {
    const open = controller;
    if (open !== undefined) {
      controller = undefined;
      unwatch();
      leave();
      pieces.clear();
      finish(open);
      onClose();
      onTaken?.();
    }
  }

  /** Hands pieces on one by one: the runtime takes whatever it is handed into memory of its own, which nobody counts. */
  function fill(): void {
    while (pieces.bytes() > 0 && (controller?.desiredSize ?? 0) > 0) {
      controller?.enqueue(pieces.next());
    }
    // What is left unread counts, and can be cut, only as long as the stream is open.
    if (ending && pieces.bytes() === 0) {
      close((open) => open.close());
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
      pull() {
        taken = performance.now();
        fill();
        onTaken?.();
      },
      cancel: () => close(() => undefined),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: PIECE_BYTES }),
  );
  const leave = crowd.join({ backlog, taken: () => taken, cut });
  return {
    stream,
    push(bytes) {
      if (backlog() > BACKLOG_BYTES) {
        cut();
      }
      if (controller !== undefined) {
        pieces.add(bytes);
        fill();
      }
      if (backlog() > PIECE_BYTES) {
        crowd.keepWithin();
      }
    },
    end() {
      ending = true;
      fill();
    },
    backlog,
  };
}

/** Cuts a client whose backlog stands still, until the answered function is called. */
function watchStalled(backlog: () => number, cut: () => void): () => void {
  let stalled = { backlog: 0, looks: 0 };
  const watch = setInterval(() => {
    const now = backlog();
    const still = now > 0 && now >= stalled.backlog;
    stalled = { backlog: now, looks: still ? stalled.looks + 1 : 0 };
    if (stalled.looks * LOOK_MS >= STALLED_MS) {
      cut();
    }
  }, LOOK_MS);
  watch.unref();
  return () => clearInterval(watch);
}

/** Bytes that are still ours, in order. */
function createPieces() {
  const pieces: Uint8Array[] = [];
  let waiting = 0;
  return {
    bytes: () => waiting,
    add(bytes: Uint8Array): void {
      waiting += bytes.length;
      for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
        pieces.push(bytes.subarray(from, from + PIECE_BYTES));
      }
    },
    next(): Uint8Array {
      const piece = pieces.shift() ?? new Uint8Array();
      waiting -= piece.length;
      return piece;
    },
    clear(): void {
      pieces.length = 0;
      waiting = 0;
    },
  };
}

/** An event stream of ours. */
export interface EventStream {
  readonly response: Response;
  send(event: string, data: string): void;
  /** Sends a comment: with the first byte the head goes out. */
  comment(): void;
  close(): void;
  /** Bytes that the client has not taken yet. */
  backlog(): number;
}

const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

/** Opens an event stream with keep-alive comments. */
export function openEventStream({ onClose, onTaken, crowd }: OutletEvents): EventStream {
  const encoder = new TextEncoder();
  const { stream, push, end, backlog } = openOutlet({
    onClose() {
      clearInterval(keepAlive);
      onClose();
    },
    ...(onTaken && { onTaken }),
    crowd,
  });
  const comment = () => push(encoder.encode(": keep-alive\n\n"));
  const keepAlive = setInterval(comment, KEEP_ALIVE_MS);
  keepAlive.unref();
  return {
    response: new Response(stream, { headers: HEADERS }),
    send: (event, data) => push(encoder.encode(`event: ${event}\ndata: ${data}\n\n`)),
    comment,
    close: end,
    backlog,
  };
}

/** A JSON answer under our bounds, for what is too large to be left unread in a response of the runtime's own. */
export function largeAnswer(json: string, status: number, events: OutletEvents): Response {
  const { stream, push, end } = openOutlet(events);
  push(new TextEncoder().encode(json));
  end();
  return new Response(stream, { status, headers: { "content-type": "application/json;charset=utf-8" } });
}

/** Somebody else's event stream under our bounds. */
export interface Relay {
  readonly response: Response;
  /** Ends it before its source does. */
  end(): void;
  backlog(): number;
}

/**
 * Relays an event stream; a response that is none passes as it is. The stream begins with a comment: the head goes out
 * with the first byte, and a client waits for the head.
 */
export function relay(response: Response, events: OutletEvents): Relay {
  const { body, headers, status } = response;
  if (body === null || headers.get("content-type") !== "text/event-stream") {
    events.onClose();
    return { response, end: () => undefined, backlog: () => 0 };
  }
  const source = body.getReader();
  const { stream, push, end, backlog } = openOutlet({
    ...events,
    onClose() {
      source.cancel().catch(() => undefined);
      events.onClose();
    },
  });
  push(new TextEncoder().encode(": open\n\n"));
  void pump(source, { push, end });
  return { response: new Response(stream, { status, headers }), end, backlog };
}

async function pump(
  source: { read(): Promise<{ value?: Uint8Array | undefined }> },
  { push, end }: Pick<Outlet, "push" | "end">,
): Promise<void> {
  try {
    for (let { value } = await source.read(); value !== undefined; { value } = await source.read()) {
      push(value);
    }
  } finally {
    end();
  }
}

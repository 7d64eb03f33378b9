import type { Crowd, Member } from "./crowd.ts";
import { createPieces, PIECE_BYTES, type Pieces } from "./pieces.ts";
import type { Printed } from "./printed.ts";

/**
 * Comments keep proxies, clients and our own idle timeout from taking silence for death; the SDK's own interval. In beats
 * of the crowd, which are seconds.
 */
const KEEP_ALIVE_BEATS = 15;

/** What a client may leave unread, in bytes, before it is cut off at once. */
const BACKLOG_BYTES = 64 * 1024 * 1024;

/** A backlog is looked at every so many beats; a client is cut off when it stands still at so many looks. */
const LOOK_BEATS = 5;
const STALLED_LOOKS = 4;

/**
 * The runtime asks for each piece, and keeps none in advance: it sets aside as many bytes as it may keep, of which the
 * first page is memory for as long as the stream is open.
 */
const STRATEGY = { highWaterMark: 0 };

const encoder = new TextEncoder();
const KEEP_ALIVE = encoder.encode(": keep-alive\n\n");

/** What an outlet tells about its client. */
export interface OutletEvents {
  /** Once, however the stream ends. */
  onClose(): void;
  /** Whenever the client has taken what was queued. */
  onTaken?(): void;
  /** The clients of the server, of whom this one is. */
  crowd: Crowd;
}

/**
 * The one place an event stream's bytes go out: bounded, and ended once. A class, and its own underlying source, as
 * thousands of them may be open: functions of each would be half of its memory.
 */
export class Outlet implements Member, EventStream {
  readonly response: Response;
  taken = performance.now();
  private readonly events: OutletEvents;
  private readonly keptAlive: boolean;
  private controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** Whether the runtime has asked for a piece that it was not given yet. */
  private asked = false;
  private ending = false;
  /** Absent while there are none. */
  private pieces: Pieces | undefined;
  private beats = 0;
  /** The backlog at the last look, and at how many looks it has stood still. */
  private seen = 0;
  private stalled = 0;

  constructor(events: OutletEvents, init: ResponseInit, keptAlive: boolean) {
    this.events = events;
    this.keptAlive = keptAlive;
    this.response = new Response(new ReadableStream(this, STRATEGY), init);
    events.crowd.join(this);
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.controller = controller;
  }

  pull(): void {
    this.asked = true;
    this.taken = performance.now();
    this.fill();
    this.events.onTaken?.();
  }

  cancel(): void {
    this.finish(() => undefined);
  }

  backlog(): number {
    return this.pieces?.bytes() ?? 0;
  }

  /** Queues bytes; cuts a client that has left too much unread. */
  push(bytes: Uint8Array | Printed): void {
    if (this.backlog() > BACKLOG_BYTES) {
      this.cut();
    }
    if (this.controller !== undefined) {
      this.pieces ??= createPieces();
      this.pieces.add(bytes);
      this.fill();
    }
    if (this.backlog() > PIECE_BYTES) {
      this.events.crowd.keepWithin();
    }
  }

  send(event: string, data: string | Printed): void {
    if (typeof data === "string") {
      this.push(encoder.encode(`event: ${event}\ndata: ${data}\n\n`));
    } else {
      this.push(encoder.encode(`event: ${event}\ndata: `));
      this.push(data);
      this.push(encoder.encode("\n\n"));
    }
  }

  comment(): void {
    this.push(KEEP_ALIVE);
  }

  /** Ends the stream after what is queued, and as good as read. */
  close(): void {
    this.ending = true;
    this.fill();
  }

  cut(): void {
    this.finish((controller) => controller.error(new Error("the client does not read")));
  }

  beat(): void {
    this.beats++;
    if (this.keptAlive && this.beats % KEEP_ALIVE_BEATS === 0) {
      this.comment();
    }
    if (this.beats % LOOK_BEATS === 0) {
      const backlog = this.backlog();
      const isStill = backlog > 0 && backlog >= this.seen;
      this.seen = backlog;
      this.stalled = isStill ? this.stalled + 1 : 0;
      if (this.stalled >= STALLED_LOOKS) {
        this.cut();
      }
    }
  }

  /** Hands on the piece that was asked for: the runtime takes whatever it is handed into memory of its own, which nobody counts. */
  private fill(): void {
    if (this.asked && this.controller !== undefined) {
      const piece = this.pieces?.next();
      if (piece !== undefined) {
        this.asked = false;
        this.controller.enqueue(piece);
      }
    }
    if (this.backlog() === 0) {
      this.pieces = undefined;
      // What is left unread counts, and can be cut, only as long as the stream is open.
      if (this.ending) {
        this.finish((controller) => controller.close());
      }
    }
  }

  private finish(how: (controller: ReadableStreamDefaultController<Uint8Array>) => void): void {
    const { controller, events } = this;
    if (controller !== undefined) {
      this.controller = undefined;
      this.pieces = undefined;
      events.crowd.leave(this);
      how(controller);
      events.onClose();
      events.onTaken?.();
    }
  }
}

/** An event stream of ours. */
export interface EventStream {
  readonly response: Response;
  send(event: string, data: string | Printed): void;
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
export function openEventStream(events: OutletEvents): EventStream {
  return new Outlet(events, { headers: HEADERS }, true);
}

/** A JSON answer under our bounds, for what is too large to be left unread in a response of the runtime's own. */
export function largeAnswer(json: string | Printed, status: number, events: OutletEvents): Response {
  const outlet = new Outlet(events, { status, headers: { "content-type": "application/json;charset=utf-8" } }, false);
  outlet.push(typeof json === "string" ? encoder.encode(json) : json);
  outlet.close();
  return outlet.response;
}

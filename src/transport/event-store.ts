import type { EventStore } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { isParted } from "./held-answers.ts";

/** What one session's events may come to, and those of all sessions; beyond it the oldest are forgotten. */
const SESSION_EVENTS = 256;
const SESSION_BYTES = 4 * 1024 * 1024;
const TOTAL_BYTES = 64 * 1024 * 1024;

/** So many characters of the last message kept are kept once where the next is the same: many sessions are told the same. */
const SHARED_CHARACTERS = 4096;

/** The SDK's name for the stream of a session's GET. It can be resumed even when all its events are forgotten. */
const SESSION_STREAM = "_GET_stream";

/** What one session has sent, so that a client whose connection broke can fetch what it missed (`Last-Event-ID`). */
export interface SessionEvents extends EventStore {
  /** Forgets them all, and keeps no more. */
  close(): void;
}

interface Kept {
  streamId: string;
  /** Events of a session are numbered, whatever their stream. */
  number: number;
  /** The message as JSON. */
  text: string;
  session: Session;
}

/** The events of all sessions, in memory: a client of a process that has ended opens a new session. */
export function createEventStores(): { open(): SessionEvents } {
  const all = createAll();
  return { open: () => new Session(all) };
}

/** What all sessions share: each of their events, the oldest first. */
function createAll() {
  const events = new Set<Kept>();
  let total = 0;
  let last = "";
  return {
    add(event: Kept): void {
      event.text = event.text === last ? last : event.text;
      last = event.text.length > SHARED_CHARACTERS ? last : event.text;
      events.add(event);
      total += bytesOf(event);
    },
    delete(event: Kept): void {
      events.delete(event);
      total -= bytesOf(event);
    },
    /** Has sessions forget until what is left keeps within the bound. */
    keepWithin(): void {
      for (const { session } of events) {
        if (total <= TOTAL_BYTES) {
          return;
        }
        session.forgetOldest();
      }
    },
  };
}

/** The events of one session. A class, as thousands may be open. */
class Session implements SessionEvents {
  private readonly all: ReturnType<typeof createAll>;
  /** The oldest first. */
  private readonly events: Kept[] = [];
  private bytes = 0;
  private number = 0;
  private closed = false;

  constructor(all: ReturnType<typeof createAll>) {
    this.all = all;
  }

  async storeEvent(streamId: string, message: object): Promise<string> {
    this.number++;
    if (isParted(message)) {
      // Larger than all that is kept.
      this.forgetAll();
    } else if (!this.closed) {
      this.keep({ streamId, number: this.number, text: JSON.stringify(message), session: this });
    }
    return `${streamId}_${this.number}`;
  }

  async getStreamIdForEventId(eventId: string): Promise<string | undefined> {
    const { streamId } = partsOf(eventId);
    const known = streamId === SESSION_STREAM || this.events.some((event) => event.streamId === streamId);
    return known ? streamId : undefined;
  }

  async replayEventsAfter(
    lastEventId: string,
    { send }: Parameters<EventStore["replayEventsAfter"]>[1],
  ): Promise<string> {
    const last = partsOf(lastEventId);
    for (const { streamId, number, text } of [...this.events]) {
      // A stream begins with an event that holds no message, but is one to go on from.
      if (streamId === last.streamId && number > last.number && text !== "{}") {
        await send(`${streamId}_${number}`, JSON.parse(text));
      }
    }
    return last.streamId;
  }

  close(): void {
    this.closed = true;
    this.forgetAll();
  }

  private forgetAll(): void {
    while (this.events.length > 0) {
      this.forgetOldest();
    }
  }

  forgetOldest(): void {
    const oldest = this.events.shift();
    if (oldest !== undefined) {
      this.bytes -= bytesOf(oldest);
      this.all.delete(oldest);
    }
  }

  private keep(event: Kept): void {
    this.events.push(event);
    this.bytes += bytesOf(event);
    this.all.add(event);
    while (this.events.length > SESSION_EVENTS || this.bytes > SESSION_BYTES) {
      this.forgetOldest();
    }
    this.all.keepWithin();
  }
}

/** What an event costs at most: strings take one or two bytes a character. */
function bytesOf({ text }: Kept): number {
  return 2 * text.length;
}

function partsOf(eventId: string): { streamId: string; number: number } {
  const end = eventId.lastIndexOf("_");
  return { streamId: eventId.slice(0, Math.max(end, 0)), number: Number(eventId.slice(end + 1)) };
}

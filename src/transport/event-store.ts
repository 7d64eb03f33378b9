import type { EventStore } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";

/** What one session's events may come to, and those of all sessions; beyond it the oldest are forgotten. */
const SESSION_EVENTS = 256;
const SESSION_BYTES = 4 * 1024 * 1024;
const TOTAL_BYTES = 64 * 1024 * 1024;

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
  session: { events: Set<Kept>; bytes: number };
}

/** The events of all sessions, in memory: a client of a process that has ended opens a new session. */
export function createEventStores(): { open(): SessionEvents } {
  const all = new Set<Kept>();
  let total = 0;

  function forget(event: Kept): void {
    const { session } = event;
    session.events.delete(event);
    session.bytes -= bytesOf(event);
    all.delete(event);
    total -= bytesOf(event);
  }

  function keep(event: Kept): void {
    const { session } = event;
    session.events.add(event);
    session.bytes += bytesOf(event);
    all.add(event);
    total += bytesOf(event);
    forgetOldest(session.events, () => session.events.size > SESSION_EVENTS || session.bytes > SESSION_BYTES);
    forgetOldest(all, () => total > TOTAL_BYTES);
  }

  function forgetOldest(events: ReadonlySet<Kept>, isTooMuch: () => boolean): void {
    for (const oldest of events) {
      if (!isTooMuch()) {
        return;
      }
      forget(oldest);
    }
  }

  return {
    open() {
      const session = { events: new Set<Kept>(), bytes: 0 };
      let number = 0;
      let closed = false;
      return {
        async storeEvent(streamId, message) {
          number++;
          if (!closed) {
            keep({ streamId, number, text: JSON.stringify(message), session });
          }
          return `${streamId}_${number}`;
        },
        async getStreamIdForEventId(eventId) {
          const { streamId } = partsOf(eventId);
          const known = streamId === SESSION_STREAM || [...session.events].some((event) => event.streamId === streamId);
          return known ? streamId : undefined;
        },
        async replayEventsAfter(lastEventId, { send }) {
          const last = partsOf(lastEventId);
          for (const { streamId, number, text } of session.events) {
            // A stream begins with an event that holds no message, but is one to go on from.
            if (streamId === last.streamId && number > last.number && text !== "{}") {
              await send(`${streamId}_${number}`, JSON.parse(text));
            }
          }
          return last.streamId;
        },
        close() {
          closed = true;
          forgetOldest(session.events, () => true);
        },
      };
    },
  };
}

/** What an event costs at most: strings take one or two bytes a character. */
function bytesOf({ text }: Kept): number {
  return 2 * text.length;
}

function partsOf(eventId: string): { streamId: string; number: number } {
  const end = eventId.lastIndexOf("_");
  return { streamId: eventId.slice(0, Math.max(end, 0)), number: Number(eventId.slice(end + 1)) };
}

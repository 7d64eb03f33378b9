import type { Crowd } from "./crowd.ts";
import { joined } from "./held-answers.ts";
import { Outlet, type OutletEvents } from "./sse.ts";

const OPEN = new TextEncoder().encode(": open\n\n");

/** Somebody else's event stream under our bounds, and with our keep-alive comments. */
export interface Relay {
  readonly response: Response;
  /** Ends it before its source does. */
  close(): void;
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
    return { response, close: () => undefined, backlog: () => 0 };
  }
  const source = body.getReader();
  const outlet = new Outlet(new Relayed(source, events), { status, headers }, true);
  outlet.push(OPEN);
  void pump(source, outlet);
  return outlet;
}

/** Closes the source with the outlet. */
class Relayed implements OutletEvents {
  readonly crowd: Crowd;
  private readonly source: Source;
  private readonly events: OutletEvents;

  constructor(source: Source, events: OutletEvents) {
    this.crowd = events.crowd;
    this.source = source;
    this.events = events;
  }

  onClose(): void {
    this.source.cancel().catch(() => undefined);
    this.events.onClose();
  }

  onTaken(): void {
    this.events.onTaken?.();
  }
}

interface Source {
  read(): Promise<{ value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

async function pump(source: Source, outlet: Outlet): Promise<void> {
  try {
    for (let { value } = await source.read(); value !== undefined; { value } = await source.read()) {
      for (const part of joined(value)) {
        outlet.push(part);
      }
    }
  } finally {
    outlet.close();
  }
}

import type { Crowd } from "./crowd.ts";
import type { Door } from "./door.ts";
import type { Slots } from "./slots.ts";

/** What the transports of one HTTP server share: who may come in, and how many may stay. */
export interface House {
  door: Door;
  slots: Slots;
  /** The most streams, and the most sessions, at once. */
  most: number;
  /** What all clients together may leave unread. */
  crowd: Crowd;
  /** Grants a request the patience of a stream; to be called once its body is read. */
  stay(request: Request): void;
}

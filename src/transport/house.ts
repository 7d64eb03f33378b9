import type { Door } from "./door.ts";
import type { Slots } from "./slots.ts";

/** What the transports of one HTTP server share: who may come in, and how many may stay. */
export interface House {
  door: Door;
  slots: Slots;
  /** The most streams, and the most sessions, at once. */
  most: number;
}

import type { Printed } from "./printed.ts";

/** Bytes go out in pieces of this size, so that a slow reader is seen to read. */
export const PIECE_BYTES: number = 64 * 1024;

/** Bytes that are still ours, or still to be made, in order. */
export interface Pieces {
  /** How many there are, as far as that is known: 0 when there are none. */
  bytes(): number;
  add(added: Uint8Array | Printed): void;
  /** The next piece, if any is left. */
  next(): Uint8Array | undefined;
}

/** No bytes yet. */
export function createPieces(): Pieces {
  const queue: (Uint8Array | Iterator<Uint8Array>)[] = [];
  /** What is printed of those in the queue. */
  const printing: Printed[] = [];
  let waiting = 0;

  function next(): Uint8Array | undefined {
    const [first] = queue;
    if (first === undefined || "length" in first) {
      waiting -= first?.length ?? 0;
      queue.shift();
      return first;
    }
    const made = first.next();
    if (made.done !== true) {
      return made.value;
    }
    queue.shift();
    printing.shift();
    return next();
  }

  return {
    bytes: () => printing.reduce((sum, printed) => sum + printed.left(), waiting),
    add(added) {
      if ("pieces" in added) {
        queue.push(added.pieces());
        printing.push(added);
        return;
      }
      waiting += added.length;
      for (let from = 0; from < added.length; from += PIECE_BYTES) {
        queue.push(added.subarray(from, from + PIECE_BYTES));
      }
    },
    next,
  };
}

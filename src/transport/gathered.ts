import { release } from "../memory.ts";

/** What has outgrown this is given room for the most there may be: what of it is not written to takes no memory. */
const SHORT_BYTES = 256 * 1024;

/** Bytes that come in parts, put together as they come. */
export interface Gathered {
  /** Adds a copy of `part`; beyond the bound nothing is kept any more. */
  add(part: Uint8Array): void;
  /** How many bytes have been added. */
  size(): number;
  /** Those that were added, until the next change; of more than the bound there are none. */
  bytes(): Uint8Array;
  /** Begins anew, and gives the memory back. */
  clear(): void;
}

/** Gathers at most `bound` bytes, in one place. */
export function createGathered(bound: number): Gathered {
  let room = new Uint8Array();
  let size = 0;

  function drop(): void {
    release(room);
    room = new Uint8Array();
  }

  return {
    add(part) {
      const before = size;
      size += part.length;
      if (size > bound) {
        drop();
        return;
      }
      if (size > room.length) {
        const longer = Buffer.allocUnsafe(size > SHORT_BYTES ? bound : Math.min(2 * size, bound));
        longer.set(room.subarray(0, before));
        release(room);
        room = longer;
      }
      room.set(part, before);
    },
    size: () => size,
    bytes: () => room.subarray(0, size),
    clear() {
      drop();
      size = 0;
    },
  };
}

/** Smaller memory may be a part of a pool, whose other parts are in use. */
const OWN_BYTES = 64 * 1024;

/** From so many bytes on, a message or an artifact is worth a collection, which takes 5 to 10 ms. */
export const LARGE_BYTES: number = 4 * 1024 * 1024;

/**
 * Gives the memory of large bytes back at once: the collector, which comes after 32 MiB of garbage, would be late. The
 * bytes, and all that share their memory, are empty from here on.
 */
export function release({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= OWN_BYTES) {
    buffer.transfer(0);
  }
}

/** Between two collections, so many times what the one before took has to pass: they take a quarter of the time at most. */
const REST = 3;

/** Until an answer is on its way, and what it was made of is garbage, in milliseconds. */
const SOON_MS = 10;

let rested = 0;

/** Collects garbage, and lets the allocator give back what was released; whether it did: not right after another time. */
export function collect(): boolean {
  const begun = performance.now();
  if (begun < rested) {
    return false;
  }
  // The engine keeps the last text that a regular expression has matched.
  /^/.test("");
  Bun.gc(true);
  const ended = performance.now();
  rested = ended + REST * (ended - begun);
  return true;
}

/** Collects what a large call leaves, once it is over: neither it nor what its last turn had on the stack is garbage before. */
export function collectSoon(): void {
  setTimeout(collect, Math.max(SOON_MS, rested - performance.now() + 1));
}

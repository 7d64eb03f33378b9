/** Garbage is collected so long after a call, in milliseconds, once it is that of so many calls. */
const PAUSE_MS = 1000;
const CALLS = 250;

/** Where more than this is in use, in bytes, a collection would be felt (5 ms for 10 MB): the runtime's own are left to do. */
const HEAP_BYTES = 32 * 1024 * 1024;

/**
 * To be called with each call. By itself the runtime lets the garbage of thousands of them lie, and keeps the memory until
 * there is work again: it is collected every second while there is work, and once more when that is over.
 */
export function createCollector(): () => void {
  let calls = 0;
  let waiting = false;
  const collect = () => {
    waiting = false;
    if (calls >= CALLS && process.memoryUsage().heapUsed < HEAP_BYTES) {
      calls = 0;
      Bun.gc(true);
    }
  };
  return () => {
    calls++;
    if (!waiting) {
      waiting = true;
      setTimeout(collect, PAUSE_MS).unref();
    }
  };
}

/** A reading of the clock that all processes share: not before `earliest`, not after `latest`, in milliseconds since `epoch`. */
export interface SharedClock {
  earliest(): number;
  latest(): number;
}

/** Enough for one that no other process interrupts. */
const TICKS = 3;

/**
 * A clock that processes agree on, to a fraction of a microsecond. `process.hrtime` and `performance.now` count from the
 * start of each process, and `performance.timeOrigin` promises no accuracy; so the origin is enclosed here, each time the
 * wall clock ticks, between the readings before and after. What of it is not known widens the intervals of a history,
 * which may hide a violation but never makes one up.
 */
export function createSharedClock(epoch: number): SharedClock {
  let earliestOrigin = Number.NEGATIVE_INFINITY;
  let latestOrigin = Number.POSITIVE_INFINITY;
  for (let tick = 0; tick < TICKS; tick++) {
    const [low, high] = encloseOrigin(epoch);
    earliestOrigin = Math.max(earliestOrigin, low);
    latestOrigin = Math.min(latestOrigin, high);
  }
  return {
    earliest: () => earliestOrigin + performance.now(),
    latest: () => latestOrigin + performance.now(),
  };
}

function encloseOrigin(epoch: number): [low: number, high: number] {
  let before = performance.now();
  let wall = Date.now();
  for (;;) {
    const between = performance.now();
    const next = Date.now();
    const after = performance.now();
    if (next !== wall) {
      // The tick came after the reading before the last look at the wall clock, and before the one after this look.
      return [next - epoch - after, next - epoch - before];
    }
    before = between;
    wall = next;
  }
}

/** A clock that reads the same in all processes, in milliseconds and fractions; `timeOrigin` may be off by one. */
export function sharedClock(): () => number {
  const before = Date.now();
  let tick = before;
  while (tick === before) {
    tick = Date.now();
  }
  const origin = tick - performance.now();
  return () => origin + performance.now();
}

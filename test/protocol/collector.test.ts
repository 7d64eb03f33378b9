import { afterAll, afterEach, beforeEach, describe, expect, jest, spyOn, test } from "bun:test";
import { createCollector } from "../../src/protocol/collector.ts";

const HEAP = 8_000_000;

describe("garbage is collected", () => {
  const gc = spyOn(Bun, "gc");
  const used = spyOn(process, "memoryUsage");
  beforeEach(() => {
    jest.useFakeTimers();
    gc.mockReset();
    useHeap(HEAP);
  });
  afterEach(() => {
    jest.useRealTimers();
  });
  afterAll(() => {
    gc.mockRestore();
    used.mockRestore();
  });

  function useHeap(heapUsed: number): void {
    used.mockReturnValue({ rss: 0, heapTotal: 0, heapUsed, external: 0, arrayBuffers: 0 });
  }

  /** Makes so many calls and lets the pause pass. */
  function call(onCall: () => void, calls: number): void {
    for (let n = 0; n < calls; n++) {
      onCall();
    }
    jest.advanceTimersByTime(1000);
  }

  test("once after a burst of calls", () => {
    const onCall = createCollector();
    call(onCall, 5000);
    jest.advanceTimersByTime(60_000);
    expect(gc).toHaveBeenCalledTimes(1);
  });

  test("for calls that come one by one when they are many, and again after as many", () => {
    const onCall = createCollector();
    call(onCall, 249);
    expect(gc).not.toHaveBeenCalled();
    call(onCall, 1);
    expect(gc).toHaveBeenCalledTimes(1);
    call(onCall, 249);
    expect(gc).toHaveBeenCalledTimes(1);
    call(onCall, 1);
    expect(gc).toHaveBeenCalledTimes(2);
  });

  test("not where so much is in use that the pause would be felt", () => {
    const onCall = createCollector();
    useHeap(40_000_000);
    call(onCall, 5000);
    expect(gc).not.toHaveBeenCalled();
    useHeap(HEAP);
    call(onCall, 1);
    expect(gc).toHaveBeenCalledTimes(1);
  });
});

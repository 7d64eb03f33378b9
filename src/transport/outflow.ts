import type { Crowd } from "./crowd.ts";

/** What a client may leave unread of large answers, in bytes, before the next large one waits for it. */
const UNREAD_BYTES = 32 * 1024 * 1024;

/** The way out to one client, as far as large answers need room on it. */
export interface Outflow {
  /**
   * Resolves when the client has taken enough of what was sent before for `bytes` more, and keeps that room until the
   * answered function is called, which is once the bytes are on their way.
   */
  reserve(bytes: number): Promise<() => void>;
  /** To be called when the client has taken something, or is gone. */
  onTaken(): void;
}

/** An outflow, of one of a `crowd` where there are more; `unread` tells what has been sent and not been taken yet, in bytes, and 0 for a client that is gone. */
export function createOutflow(unread: () => number, crowd?: Crowd): Outflow {
  const waiting: { bytes: number; enter: () => void }[] = [];
  let reserved = 0;
  const fits = (bytes: number) => {
    const held = reserved + unread();
    return held === 0 || held + bytes <= UNREAD_BYTES;
  };
  /** Lets in whoever fits, in the order of arrival. */
  const onTaken = () => {
    for (let [next] = waiting; next !== undefined && fits(next.bytes); [next] = waiting) {
      reserved += next.bytes;
      waiting.shift();
      next.enter();
    }
  };
  return {
    async reserve(bytes) {
      await new Promise<void>((enter) => {
        waiting.push({ bytes, enter });
        onTaken();
      });
      const release = await crowd?.reserve(bytes);
      return () => {
        release?.();
        reserved -= bytes;
        onTaken();
      };
    },
    onTaken,
  };
}

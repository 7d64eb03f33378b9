/** The order in which calls get to the store, where some have to look elsewhere before. */
export interface Turns {
  /** Does `begin` when it is this call's turn: once every `begin` before has resolved. */
  take<Begun>(begin: () => Promise<Begun>): Promise<Begun>;
  /** Resolves when every call that came before has begun. */
  settled(): Promise<void>;
}

/** Turns of one connection. */
export function createTurns(): Turns {
  let last: Promise<void> = Promise.resolve();
  const settle = () => undefined;
  return {
    take(begin) {
      const turn = last.then(begin);
      last = turn.then(settle, settle);
      return turn;
    },
    settled: () => last,
  };
}

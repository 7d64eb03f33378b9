/** The order in which calls get on, where some of them are held up on their way. */
export interface Turns {
  /** Does `begin` when it is this call's turn: once every `begin` before has resolved, or failed. */
  take<Begun>(begin: () => Promise<Begun>): Promise<Begun>;
  /** Resolves when every call that came before has begun. */
  settled(): Promise<undefined>;
}

/** Turns that nobody has taken yet. */
export function createTurns(): Turns {
  const settle = () => undefined;
  let last: Promise<undefined> = Promise.resolve(undefined);
  return {
    take(begin) {
      const turn = last.then(begin);
      last = turn.then(settle, settle);
      return turn;
    },
    settled: () => last,
  };
}

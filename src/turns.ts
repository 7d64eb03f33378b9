/** The order in which calls get on, where some of them are held up on their way. */
export interface Turns {
  /**
   * Does `begin` when it is this call's turn: once every `begin` before has resolved, or failed. Where that is now, it does
   * so before this returns, and answers what `begin` does.
   */
  take<Begun>(begin: () => Begun | Promise<Begun>): Begun | Promise<Begun>;
  /** Resolves when every call that came before has begun; nothing where all have. */
  settled(): Promise<void> | undefined;
}

/** Turns that nobody has taken yet. */
export function createTurns(): Turns {
  let last: Promise<void> | undefined;
  function hold(turn: Promise<unknown>): void {
    const over = () => {
      last = last === settled ? undefined : last;
    };
    const settled = turn.then(over, over);
    last = settled;
  }
  return {
    take(begin) {
      const turn = last === undefined ? begin() : last.then(begin);
      if (turn instanceof Promise) {
        hold(turn);
      }
      return turn;
    },
    settled: () => last,
  };
}

const NEWLINE = 10;

/** What a splitter does with what it finds. */
export interface LineSink {
  /** A whole line, without its newline; valid until the next call. */
  line(bytes: Uint8Array): void;
  /** A line of more than the bound has been skipped to its end. */
  tooLong(): void;
}

/** Cuts a stream of bytes into lines of at most `bound` bytes; memory stays within the bound. */
export function createLineSplitter(bound: number, sink: LineSink) {
  let parts: Uint8Array[] = [];
  let size = 0;

  function keep(part: Uint8Array): void {
    size += part.length;
    if (size <= bound) {
      parts.push(part);
    } else {
      parts = [];
    }
  }

  function finish(): void {
    const [only, second] = parts;
    const line = second === undefined ? only : Buffer.concat(parts);
    const skipped = size > bound;
    // Before the line is used: of a long one, no second copy is there meanwhile.
    parts = [];
    size = 0;
    if (skipped) {
      sink.tooLong();
    } else {
      sink.line(line ?? new Uint8Array());
    }
  }

  return {
    push(chunk: Uint8Array): void {
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
        keep(chunk.subarray(from, at));
        finish();
        from = at + 1;
      }
      if (from < chunk.length) {
        keep(chunk.slice(from));
      }
    },
    /** How many bytes came after the last newline. */
    end: (): number => size,
  };
}

import { collect, LARGE_BYTES, release } from "../memory.ts";
import { createGathered } from "./gathered.ts";

const NEWLINE = 10;

/** What a splitter does with what it finds. */
export interface LineSink {
  /** A whole line, without its newline, to be changed at will; valid until the call returns. */
  line(bytes: Uint8Array): void;
  /** A line of more than the bound has been skipped to its end. */
  tooLong(): void;
}

/** Cuts a stream of bytes into lines of at most `bound` bytes; memory stays within the bound. */
export function createLineSplitter(bound: number, sink: LineSink) {
  const begun = createGathered(bound);

  function finish(): void {
    const size = begun.size();
    if (size > bound) {
      begun.clear();
      sink.tooLong();
      return;
    }
    sink.line(begun.bytes());
    begun.clear();
    if (size >= LARGE_BYTES) {
      collect();
    }
  }

  function take(line: Uint8Array): void {
    if (begun.size() > 0 || line.length > bound) {
      begun.add(line);
      finish();
    } else {
      sink.line(line);
    }
  }

  return {
    /** Takes a chunk, which is the splitter's from then on. */
    push(chunk: Uint8Array): void {
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
        take(chunk.subarray(from, at));
        from = at + 1;
      }
      if (from < chunk.length) {
        begun.add(chunk.subarray(from));
      }
      release(chunk);
    },
    /** How many bytes came after the last newline. */
    end: begun.size,
  };
}

const [QUOTE, BACKSLASH, SPACE, U] = [0x22, 0x5c, 0x20, 0x75];

/** The most bytes that an escape has. */
const ESCAPE_BYTES = 6;

/** What follows the backslash, by the character. */
const SHORT: (number | undefined)[] = [];
for (const pair of ['""', "\\\\", "\bb", "\ff", "\nn", "\rr", "\tt"]) {
  SHORT[pair.charCodeAt(0)] = pair.charCodeAt(1);
}

/**
 * Writes UTF-8 as it stands within a JSON string, just as `JSON.stringify` does, as far as there is room in `target`.
 * Answers how many bytes of `source` were read, and of `target` written.
 */
export function escapeInto(source: Uint8Array, target: Uint8Array): { read: number; written: number } {
  let read = 0;
  let written = 0;
  while (read < source.length && written + ESCAPE_BYTES <= target.length) {
    const byte = source[read++] ?? 0;
    if (byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH) {
      target[written++] = byte;
    } else {
      target[written++] = BACKSLASH;
      const short = SHORT[byte];
      target[written++] = short ?? U;
      if (short === undefined) {
        target.set(Buffer.from(byte.toString(16).padStart(4, "0")), written);
        written += 4;
      }
    }
  }
  return { read, written };
}

/** Characters that are escaped in one go. */
const STEP = 16 * 1024;

/** A well-formed text as it stands within a JSON string, in bytes that are valid until the next are asked for. */
export function* escapedPieces(text: string): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  const [plain, escaped] = [new Uint8Array(3 * STEP), new Uint8Array(3 * STEP * ESCAPE_BYTES)];
  for (let from = 0; from < text.length; ) {
    const { read, written: bytes } = encoder.encodeInto(wholeStart(text, from, from + STEP), plain);
    const { written } = escapeInto(plain.subarray(0, bytes), escaped);
    yield escaped.subarray(0, written);
    from += read;
  }
}

/** A part of `text` that ends with no half of a character. */
function wholeStart(text: string, from: number, to: number): string {
  const last = text.charCodeAt(to - 1);
  return text.slice(from, last >= 0xd800 && last < 0xdc00 ? to - 1 : to);
}

const [QUOTE, BACKSLASH, COLON, SPACE] = [0x22, 0x5c, 0x3a, 0x20];

/** In messages of so many bytes, strings of so many are taken out before the rest is decoded. */
const LARGE_BYTES = 1024 * 1024;
const LONG_BYTES = 256 * 1024;

/** A message's text, with marks in the place of long strings, and what they stand for. */
export interface MessageText {
  text: string;
  taken: ReadonlyMap<string, string>;
}

const decoder = new TextDecoder("utf-8", { fatal: true });
const exact = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const NONE: ReadonlyMap<string, string> = new Map();

/**
 * The text of a message, or nothing where the bytes are not UTF-8. A long string in it is decoded where it lies, and never a
 * part of a text that is as long again: the bytes are changed.
 */
export function textOf(bytes: Uint8Array): MessageText | undefined {
  try {
    return bytes.length < LARGE_BYTES ? { text: decoder.decode(bytes), taken: NONE } : takeApart(bytes);
  } catch {
    return undefined;
  }
}

function takeApart(bytes: Uint8Array): MessageText {
  const taken = new Map<string, string>();
  // Of its own: after an error it would go on in the midst of a character.
  const parts = new TextDecoder("utf-8", { fatal: true });
  // Nobody who writes a message can know it.
  const nonce = crypto.randomUUID();
  let text = "";
  let from = 0;
  for (const { start, end } of longStrings(bytes)) {
    text += parts.decode(bytes.subarray(from, start), { stream: true });
    const { read, written } = decodeEscapes(bytes, start, end);
    const decoded = exact.decode(bytes.subarray(start, written));
    if (read === end) {
      const mark = `${nonce}-${taken.size}`;
      taken.set(mark, decoded);
      text += mark;
    } else {
      // What follows is the parser's to judge: a lone surrogate, or what is no JSON.
      text += JSON.stringify(decoded).slice(1, -1);
    }
    from = read;
  }
  text += parts.decode(bytes.subarray(from));
  return { text, taken };
}

/** So many bytes are looked at before the runtime is asked: where a byte is all over, its call is what takes long. */
const NEAR = 16;

/** The first place from `start` on that holds a byte; that behind the last where none does. */
function placeOf(bytes: Uint8Array, byte: number, start: number): number {
  const near = Math.min(start + NEAR, bytes.length);
  for (let at = start; at < near; at++) {
    if (bytes[at] === byte) {
      return at;
    }
  }
  const found = bytes.indexOf(byte, near);
  return found < 0 ? bytes.length : found;
}

/** The places of long strings that are values, without their quotes. */
function longStrings(bytes: Uint8Array): { start: number; end: number }[] {
  const found = [];
  for (let at = placeOf(bytes, QUOTE, 0); at < bytes.length; at = placeOf(bytes, QUOTE, at + 1)) {
    const start = at + 1;
    at = endOfString(bytes, start);
    if (at - start >= LONG_BYTES && !isName(bytes, at + 1)) {
      found.push({ start, end: at });
    }
  }
  return found;
}

/** The place of the quote that ends the string that starts here; that behind the last byte where none does. */
function endOfString(bytes: Uint8Array, start: number): number {
  for (let end = placeOf(bytes, QUOTE, start); end < bytes.length; end = placeOf(bytes, QUOTE, end + 1)) {
    let before = end - 1;
    while (before >= start && bytes[before] === BACKSLASH) {
      before--;
    }
    if ((end - before) % 2 === 1) {
      return end;
    }
  }
  return bytes.length;
}

function isName(bytes: Uint8Array, from: number): boolean {
  let at = from;
  while (at < bytes.length && (bytes[at] ?? 0) <= SPACE) {
    at++;
  }
  return at === bytes.length || bytes[at] === COLON;
}

/** What a backslash and one character stand for. */
const ESCAPES: (number | undefined)[] = [];
for (const pair of ['""', "\\\\", "//", "b\b", "f\f", "n\n", "r\r", "t\t"]) {
  ESCAPES[pair.charCodeAt(0)] = pair.charCodeAt(1);
}
const U = "u".charCodeAt(0);

/**
 * Writes a string's characters in the place of its escapes, which are always longer, up to what is no character of JSON, or
 * half of one. Answers where that is, and where what was written ends.
 */
function decodeEscapes(bytes: Uint8Array, start: number, end: number): { read: number; written: number } {
  let read = start;
  let written = start;
  while (read < end) {
    const next = placeOf(bytes, BACKSLASH, read);
    const to = plainUntil(bytes, read, Math.min(next, end));
    if (read !== written) {
      bytes.copyWithin(written, read, to);
    }
    written += to - read;
    read = to;
    const length = read < end && read === next ? escapeLength(bytes, read) : 0;
    if (length === 0) {
      break;
    }
    written = write(bytes, written, escaped(bytes, read, length));
    read += length;
  }
  return { read, written };
}

/** Where the first control character is, or else `end`. */
function plainUntil(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] ?? 0) >= SPACE) {
    at++;
  }
  return at;
}

/** How many bytes the escape has that begins here; 0 for what is none. */
function escapeLength(bytes: Uint8Array, at: number): number {
  const kind = bytes[at + 1] ?? 0;
  if (kind !== U) {
    return ESCAPES[kind] === undefined ? 0 : 2;
  }
  const unit = hex(bytes, at + 2);
  if (unit < 0xd800 || unit > 0xdfff) {
    return unit < 0 ? 0 : 6;
  }
  const low = bytes[at + 6] === BACKSLASH && bytes[at + 7] === U ? hex(bytes, at + 8) : -1;
  return unit < 0xdc00 && low >= 0xdc00 && low <= 0xdfff ? 12 : 0;
}

/** The character that an escape of so many bytes stands for. */
function escaped(bytes: Uint8Array, at: number, length: number): number {
  if (length === 2) {
    return ESCAPES[bytes[at + 1] ?? 0] ?? 0;
  }
  const unit = hex(bytes, at + 2);
  return length === 6 ? unit : 0x10000 + ((unit - 0xd800) << 10) + (hex(bytes, at + 8) - 0xdc00);
}

/** Four digits as a number; below 0 where they are none. */
function hex(bytes: Uint8Array, from: number): number {
  let value = 0;
  for (let at = from; at < from + 4; at++) {
    const byte = bytes[at] ?? 0;
    const letter = byte | 0x20;
    const digit = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
    if (digit < 0) {
      return -1;
    }
    value = value * 16 + digit;
  }
  return value;
}

/** Writes a character as UTF-8 and answers the place behind it. */
function write(bytes: Uint8Array, to: number, code: number): number {
  if (code < 0x80) {
    bytes[to] = code;
    return to + 1;
  }
  const more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  bytes[to] = ((0xff00 >> (more + 1)) & 0xff) | (code >> (6 * more));
  for (let n = 1; n <= more; n++) {
    bytes[to + n] = 0x80 | ((code >> (6 * (more - n))) & 0x3f);
  }
  return to + more + 1;
}

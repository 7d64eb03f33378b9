import { z } from "zod";

/** A string of at most `characters` code points, as a person counts them. */
export function shortText(characters: number): z.ZodString {
  return z
    .string()
    .check(refuseBeyond(characters, "characters", (value) => (value.length <= characters ? 0 : [...value].length)));
}

/** A string of at most `bytes` bytes of UTF-8. */
export function longText(bytes: number): z.ZodString {
  return z
    .string()
    .check(refuseBeyond(bytes, "bytes", (value) => (value.length * 3 <= bytes ? 0 : Buffer.byteLength(value))));
}

/** Standard Base64. zod's own check decodes it, and so makes a copy of all there is. */
export function base64(): z.ZodString {
  return z.string().check(
    z.check<string>((payload) => {
      const { value } = payload;
      if (value.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) {
        payload.issues.push({
          code: "invalid_format",
          format: "base64",
          input: value,
          message: "standard Base64 is accepted",
        });
      }
    }),
  );
}

function refuseBeyond(maximum: number, unit: string, measure: (value: string) => number) {
  return z.check<string>((payload) => {
    const size = measure(payload.value);
    if (size > maximum) {
      payload.issues.push({
        code: "too_big",
        origin: "string",
        maximum,
        inclusive: true,
        input: payload.value,
        message: `it has ${size} ${unit}; at most ${maximum} are accepted`,
      });
    }
  });
}

/** The longest start of `text` that has at most so many characters once it stands in JSON; no character is cut. */
export function startWithin(text: string, characters: number): string {
  const startOf = (length: number) => {
    const start = text.slice(0, length);
    return start.isWellFormed() ? start : start.slice(0, -1);
  };
  const fits = (length: number) => JSON.stringify(startOf(length)).length - 2 <= characters;
  if (text.length <= characters && fits(text.length)) {
    return text;
  }
  let [known, over] = [0, Math.min(text.length, characters) + 1];
  while (over - known > 1) {
    const middle = Math.floor((known + over) / 2);
    [known, over] = fits(middle) ? [middle, over] : [known, middle];
  }
  return startOf(known);
}

/**
 * The part of UTF-8 `bytes` from the character at `first` that has at most `limit` bytes and no broken character, as the
 * places where it starts and ends; a character longer than `limit` is taken whole.
 */
export function wholeCharacters(bytes: Uint8Array, first: number, limit: number): [start: number, end: number] {
  const isInside = (place: number) => ((bytes[place] ?? 0) & 0xc0) === 0x80;
  let start = first;
  while (start > 0 && isInside(start)) {
    start--;
  }
  let end = Math.min(start + limit, bytes.length);
  while (end > start && isInside(end)) {
    end--;
  }
  if (end === start && start < bytes.length) {
    do {
      end++;
    } while (isInside(end));
  }
  return [start, end];
}

/** Control characters that JSON escapes by a letter: \b, \t, \n, \f, \r. */
const LETTERED: ReadonlySet<number> = new Set([0x08, 0x09, 0x0a, 0x0c, 0x0d]);

/** Where the start of UTF-8 `bytes` ends that `startWithin` takes of their text, without a text of it. */
export function endWithin(bytes: Uint8Array, characters: number): number {
  let end = 0;
  let room = characters;
  while (end < bytes.length) {
    const first = bytes[end] ?? 0;
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    const escaped = first === 0x22 || first === 0x5c || LETTERED.has(first);
    room -= escaped || length === 4 ? 2 : first < 0x20 ? 6 : 1;
    if (room < 0) {
      break;
    }
    end += length;
  }
  return end;
}

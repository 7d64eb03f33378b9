import { z } from "zod";

/** A string of at most `characters` code points, as a person counts them. */
export function shortText(characters: number): z.ZodString {
  return z
    .string()
    .check(refuseBeyond(characters, "characters", (value) => (value.length <= characters ? 0 : [...value].length)))
    .meta({ maxLength: characters });
}

/** A string of at most `bytes` bytes of UTF-8. */
export function longText(bytes: number): z.ZodString {
  return z
    .string()
    .check(refuseBeyond(bytes, "bytes", (value) => (value.length * 3 <= bytes ? 0 : Buffer.byteLength(value))));
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

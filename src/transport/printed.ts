import { type HeldText, takingHeld } from "../protocol/held-text.ts";

/** JSON that is made as it is sent. */
export interface Printed {
  /** How much of what it is made of is left, in bytes: 0 only when all has been printed. */
  left(): number;
  /** Each piece is the caller's; to be called once. */
  pieces(): Generator<Uint8Array>;
}

/** Nobody whose text stands in a message can know it. */
const MARK = crypto.randomUUID();

/** A message as JSON: a text, or where it holds an artifact, what prints it piece by piece. */
export function printed(message: unknown): string | Printed {
  const held: HeldText[] = [];
  const mark = (text: HeldText) => {
    held.push(text);
    return MARK;
  };
  const json = takingHeld(mark, () => JSON.stringify(message));
  if (held.length === 0) {
    return json;
  }
  let ended = 0;
  return {
    left: () => held.reduce((sum, text) => sum + text.left(), json.length - ended),
    *pieces() {
      for (const [index, text] of json.split(MARK).entries()) {
        yield Buffer.from(text);
        yield* held[index]?.pieces() ?? [];
      }
      ended = json.length;
    },
  };
}

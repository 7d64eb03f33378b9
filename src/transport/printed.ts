import { type HeldText, takingHeld } from "../protocol/held-text.ts";

/** JSON that is made as it is sent. */
export interface Printed {
  /** How much of what it is made of is left, in bytes: 0 only when all has been printed. */
  left(): number;
  /** Each piece is the caller's; to be called once. */
  pieces(): Generator<Uint8Array>;
}

/** Nobody whose text stands in a message can know it; made with the first that holds an artifact. */
let secret: string | undefined;

/** A message as JSON: a text, or where it holds an artifact, what prints it piece by piece. */
export function printed(message: unknown): string | Printed {
  const held: HeldText[] = [];
  const mark = (text: HeldText) => {
    held.push(text);
    secret ??= crypto.randomUUID();
    return secret;
  };
  const json = takingHeld(mark, () => JSON.stringify(message));
  const boundary = secret;
  if (held.length === 0 || boundary === undefined) {
    return json;
  }
  let ended = 0;
  return {
    left: () => held.reduce((sum, text) => sum + text.left(), json.length - ended),
    *pieces() {
      for (const [index, text] of json.split(boundary).entries()) {
        yield Buffer.from(text);
        yield* held[index]?.pieces() ?? [];
      }
      ended = json.length;
    },
  };
}

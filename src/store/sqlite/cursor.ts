import { TaskError } from "../../domain/errors.ts";

/** Turns a place in a list into an opaque text and back. */
export interface CursorCodec {
  /** `scope` says which list it is a place in. */
  encode(scope: string, place: readonly [string, number]): string;
  /** Throws `invalid` for a text that was not given out for this scope. */
  decode(scope: string, cursor: string): readonly [string, number];
}

/**
 * Cursors signed with a key that lies in the database: they survive restarts and other processes, not tampering. `readKey`
 * reads it, once, for the first cursor.
 */
export function createCursorCodec(readKey: () => Uint8Array): CursorCodec {
  let key: Uint8Array | undefined;
  const sign = (scope: string, body: string) => {
    key ??= readKey();
    return new Bun.CryptoHasher("sha256", key).update(`${scope}\n${body}`).digest("base64url").slice(0, 22);
  };
  return {
    encode(scope, place) {
      const body = Buffer.from(JSON.stringify(place)).toString("base64url");
      return `${body}.${sign(scope, body)}`;
    },
    decode(scope, cursor) {
      const [body = "", signature = ""] = cursor.split(".", 2);
      if (signature === "" || sign(scope, body) !== signature) {
        throw new TaskError(
          "invalid",
          "Cannot go on from cursor: it does not belong to this list; the next_cursor of an answer to the same " +
            "filters is accepted, or none for the first page",
        );
      }
      return JSON.parse(Buffer.from(body, "base64url").toString());
    },
  };
}

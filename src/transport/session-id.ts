/** 24 bytes: a UUID has only 122 random bits. */
const BYTES = 24;

/** The id of a session or stream, which nobody can guess. */
export function createSessionId(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(BYTES))).toString("hex");
}

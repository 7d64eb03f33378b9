/** A token taken apart; the secret half is never stored. */
export interface Token {
  token_id: string;
  text: string;
}

const SECRET_BYTES = 32;

/** `mts_<id>_<secret>`: the prefix lets secret scanners find it, the id lets people name it, the secret has 256 bits. */
const FORM = /^mts_([0-9a-z]{8})_[\w-]{43}$/;

/** A new token. */
export function mintToken(): Token {
  const token_id = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => (byte % 36).toString(36)).join("");
  const secret = Buffer.from(crypto.getRandomValues(new Uint8Array(SECRET_BYTES))).toString("base64url");
  return { token_id, text: `mts_${token_id}_${secret}` };
}

/** The id that a token's text names; nothing where it is no token of ours. */
export function tokenIdOf(text: string): string | undefined {
  return FORM.exec(text)?.[1];
}

/** What is stored of a token: a random secret of 256 bits needs no slow hash. */
export function digestOf(text: string): Uint8Array {
  return new Bun.CryptoHasher("sha256").update(text).digest();
}

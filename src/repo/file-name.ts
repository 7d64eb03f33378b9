/** The bytes of a file's name as git gives them, one character (U+0000 to U+00FF) a byte: a key that any name fits in. */
export type RawName = string;

/** Characters that are not to be seen, or end a line; and what quoting itself uses. */
const ODD = /[\p{C}\p{Zl}\p{Zp}\p{DI}"\\]/u;

/** A name as it is told: as it is where it is plain UTF-8, else in quotes, its other bytes in octal, as git quotes. */
export function toldName(raw: RawName): string {
  const text = decode(raw);
  if (text !== undefined && !ODD.test(text)) {
    return text;
  }
  const escaped = raw.replace(/[^ !#-[\]-~]/g, (byte) =>
    byte === '"' || byte === "\\" ? `\\${byte}` : `\\${byte.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
  return `"${escaped}"`;
}

/** The name that `toldName` told. */
export function rawName(told: string): RawName {
  if (!told.startsWith('"')) {
    return Buffer.from(told).toString("latin1");
  }
  return told
    .slice(1, -1)
    .replace(/\\(?:([0-7]{3})|(.))/g, (_, octal?: string, character?: string) =>
      octal === undefined ? (character ?? "") : String.fromCharCode(Number.parseInt(octal, 8)),
    );
}

/** The path of a file for the system: bytes where the name is no UTF-8. */
export function pathOf(root: string, raw: RawName): string | Buffer {
  const text = decode(raw);
  return text === undefined ? Buffer.concat([Buffer.from(`${root}/`), Buffer.from(raw, "latin1")]) : `${root}/${text}`;
}

function decode(raw: RawName): string | undefined {
  if (/^[ -~]*$/.test(raw)) {
    return raw;
  }
  const bytes = Buffer.from(raw, "latin1");
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : undefined;
}

const ESC = String.fromCharCode(0x1b);
const BEL = String.fromCharCode(0x07);

/** ANSI escape sequences: CSI, OSC (ended by BEL or ST) and the two-character ones. */
const ANSI = new RegExp(`${ESC}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${BEL}${ESC}]*(?:${BEL}|${ESC}\\\\)|[@-Z\\\\^_])`, "g");

/** Control, format (bidirectional overrides, zero-width, tag characters), surrogate and private-use characters. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]+/gu;

/** One line of `text` without any character that a terminal or a model might take for more than text. */
export function oneLine(text: string): string {
  return text
    .replace(ANSI, "")
    .replace(/[\t\r\n]+/g, " ")
    .replace(UNPRINTABLE, "");
}

/** `text` as it stands in an error message: in quotes, on one line, at most 80 characters of it. */
export function quote(text: string): string {
  const line = oneLine(text);
  return `"${line.length > 80 ? `${line.slice(0, 79)}…` : line}"`;
}

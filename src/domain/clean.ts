const ESC = String.fromCharCode(0x1b);
const BEL = String.fromCharCode(0x07);
const CSI = String.fromCharCode(0x9b);
const ST = String.fromCharCode(0x9c);
/** DCS, SOS, OSC, PM and APC, after an escape and as one 8-bit character. */
const STRINGS = { escaped: "[PX\\]^_]", single: String.raw`[\x90\x98\x9d-\x9f]` };
const CONTROLS = String.raw`\x00-\x1f\x7f-\x9f`;

/**
 * Escape sequences of terminals (ECMA-48), 7-bit and 8-bit: CSI, the strings (OSC and its kind, ended by BEL or ST; of one
 * that does not end on its line only the introducer), and the short ones. An 8-bit CSI counts with parameters only: alone
 * it is as often a letter of an old code page.
 */
const ANSI = [
  `(?:${ESC}\\[[0-?]*|${CSI}[0-?]+)[ -/]*[@-~]`,
  `(?:${ESC}${STRINGS.escaped}|${STRINGS.single})[^${CONTROLS}]*(?:${BEL}|${ESC}\\\\|${ST})`,
  `${ESC}(?:[ -/]+[0-~]|[0-_c])`,
];

/**
 * Control, format (bidirectional overrides, zero-width, tag characters), surrogate, private-use and all other characters
 * that are not to be seen (variation selectors, fillers). Joiners go too: an emoji of several people becomes several emoji.
 */
const INVISIBLE = String.raw`\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{DI}\p{NChar}`;

/** What is removed: all of them but one emoji or text presentation right after a visible character; a run carries data. */
const UNPRINTABLE = `(?!(?<=[^${INVISIBLE}])[\u{FE0E}\u{FE0F}])[${INVISIBLE}]`;

/** Made with the first text that has something to remove: a start has none. */
let patterns: { ansi: RegExp; unprintable: RegExp } | undefined;

/** One line of `text` without any character that a terminal or a model might take for more than text. */
export function oneLine(text: string): string {
  if (isPlain(text)) {
    return text;
  }
  patterns ??= { ansi: new RegExp(ANSI.join("|"), "g"), unprintable: new RegExp(UNPRINTABLE, "gu") };
  return text
    .replace(patterns.ansi, "")
    .replace(/[\t\r\n]+/g, " ")
    .replace(patterns.unprintable, "");
}

/** The lines of `text`, cleaned as `oneLine` does; line breaks become `\n`, tabs stay. */
export function plainLines(text: string): string {
  return text
    .replace(/\r\n?/g, "\n")
    .split("\n")
    .map((line) => line.split("\t").map(oneLine).join("\t"))
    .join("\n");
}

/** Most text is ASCII and has nothing to remove. */
function isPlain(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

/** The start of `text` in at most `characters` UTF-16 units, never half a character; what is cut ends in "…". */
export function shorten(text: string, characters: number): string {
  if (text.length <= characters) {
    return text;
  }
  const start = text.slice(0, Math.max(0, characters - 1));
  return characters < 1 ? "" : `${start.isWellFormed() ? start : start.slice(0, -1)}…`;
}

/**
 * `text` as it stands in an error message: in quotes, on one line, at most 80 characters of it. What quotes it contains
 * are escaped, so that it cannot end where it likes and go on as the server.
 */
export function quote(text: string): string {
  return `"${shorten(oneLine(text), 80).replace(/["\\]/g, "\\$&")}"`;
}

import type { Finding } from "./finding.ts";

/** A cheap expression that matches wherever a private key is. */
export const PRIVATE_KEY_SIGN = "PRIVATE KEY|Private-Lines:";

const MARKER = /-----(BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;

/** Lines of Base64 as they stand in a file, a string literal, a diff or a quotation. */
const LINES = /(?:(?:\\[nrt]|[\s"'+>|,#*-]){0,24}[A-Za-z0-9+/]{16,}={0,2}){1,}/y;

/** PuTTY's own form: a count of lines, then the lines. */
const PUTTY = /Private-Lines: \d{1,4}\s{1,4}(?=[A-Za-z0-9+/]{16})/g;

/** PEM private keys, marker to marker; of one that is cut off, what is there. A marker that is only named is none. */
export function findPrivateKeys(text: string): Finding[] {
  const markers = [...text.matchAll(MARKER)];
  const whole = markers.flatMap((marker, index) => {
    if (marker[1] !== "BEGIN") {
      return [];
    }
    const inside = marker.index + marker[0].length;
    const next = markers[index + 1];
    if (next?.[1] === "END" && /[A-Za-z0-9+/]{16}/.test(text.slice(inside, next.index))) {
      return [{ name: "private-key", start: marker.index, end: next.index + next[0].length }];
    }
    const end = linesEnd(text, inside);
    return end === undefined ? [] : [{ name: "private-key", start: marker.index, end }];
  });
  const putty = [...text.matchAll(PUTTY)].flatMap((head) => {
    const start = head.index + head[0].length;
    const end = linesEnd(text, start);
    return end === undefined ? [] : [{ name: "private-key", start, end }];
  });
  return [...whole, ...putty];
}

function linesEnd(text: string, from: number): number | undefined {
  LINES.lastIndex = from;
  return LINES.test(text) ? LINES.lastIndex : undefined;
}

import { collect } from "../memory.ts";
import { findSecrets, OVERLAP, WINDOW } from "./find.ts";
import { type Finding, merged } from "./finding.ts";

/** After so many bytes the texts that were looked at, of one or two bytes a character, are collected. */
const LITTER = 3 * 1024 * 1024;

/**
 * Where secrets stand in bytes, as places of bytes and in their order; nothing where they are not UTF-8. No copy of the whole
 * is made: its windows are of bytes, which are at least as many as their characters.
 */
export async function findSecretsInBytes(bytes: Uint8Array): Promise<Finding[] | undefined> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const findings: Finding[] = [];
  for (let from = 0, end = 0, collected = 0; end < bytes.length; from = startOfCharacter(bytes, end - OVERLAP)) {
    if (from > 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (from - collected >= LITTER && collect()) {
      collected = from;
    }
    end = startOfCharacter(bytes, from + WINDOW);
    let text: string;
    try {
      text = decoder.decode(bytes.subarray(from, end));
    } catch {
      return undefined;
    }
    const place = (at: number) => from + Buffer.byteLength(text.slice(0, at));
    for (const found of await findSecrets(text)) {
      findings.push({ name: found.name, start: place(found.start), end: place(found.end) });
    }
  }
  return merged(findings);
}

/** The bytes with names in the place of what was found. */
export function bytesWithout(bytes: Uint8Array, findings: readonly Finding[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const { name, start, end } of findings) {
    parts.push(bytes.subarray(from, start), Buffer.from(`[REDACTED:${name}]`));
    from = end;
  }
  return Buffer.concat([...parts, bytes.subarray(from)]);
}

/** Where the character begins that holds the byte at `place`, as far as it can be told; the end beyond it. */
function startOfCharacter(bytes: Uint8Array, place: number): number {
  let at = Math.min(place, bytes.length);
  for (let back = 0; back < 3 && at > 0 && ((bytes[at] ?? 0) & 0xc0) === 0x80; back++) {
    at--;
  }
  return at;
}

import { readSync } from "node:fs";
import { BUNDLE, type BundleLine, flawOfLine, isBundleLine } from "../../domain/bundle.ts";
import { OperationRefusal } from "../store.ts";

/** No line of a bundle is longer, in bytes: an artifact's is the longest. */
const LINE = 32 * 1024 * 1024;
const CHUNK = 1024 * 1024;

/** The lines of an open file after the first, which is checked; each as it was parsed, so that a bundle need not fit into memory. */
export function* parsedLines(file: number): Generator<{ number: number; value: unknown }> {
  const hash = new Bun.CryptoHasher("sha256");
  let number = 0;
  for (const bytes of rawLines(file)) {
    number++;
    const value = parse(bytes, number);
    if (number === 1) {
      refuseOthers(value);
    } else {
      checkEnd(value, number - 1, hash);
      yield { number, value };
    }
    hash.update(bytes);
    hash.update("\n");
  }
}

/** The same as lines of a bundle. Throws `OperationRefusal` for the first that is none. */
export function* bundleLinesOf(file: number): Generator<{ number: number; line: BundleLine }> {
  for (const { number, value } of parsedLines(file)) {
    if (!isBundleLine(value)) {
      throw badLine(number, flawOfLine(value) ?? "it is none");
    }
    yield { number, line: value };
  }
}

/** The refusal of a line. */
export function badLine(number: number, reason: string): OperationRefusal {
  return new OperationRefusal(
    `Cannot import line ${number}: ${reason}; a file made by \`mcp-task-server export\` is accepted, whole and unchanged`,
  );
}

function* rawLines(file: number): Generator<Uint8Array> {
  let parts: Buffer[] = [];
  let length = 0;
  let number = 1;
  for (let position = 0; ; ) {
    const chunk = Buffer.allocUnsafe(CHUNK);
    const size = readSync(file, chunk, 0, CHUNK, position);
    position += size;
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0 && end < size; end = chunk.indexOf(10, start)) {
      yield Buffer.concat([...parts, chunk.subarray(start, end)]);
      number++;
      [parts, length, start] = [[], 0, end + 1];
    }
    parts.push(chunk.subarray(start, size));
    length += size - start;
    if (length > LINE) {
      throw badLine(number, `it is longer than ${LINE} bytes`);
    }
    if (size === 0) {
      break;
    }
  }
  if (length > 0) {
    throw badLine(number, "the file is cut short in the middle of it");
  }
}

function parse(bytes: Uint8Array, number: number): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw badLine(number, "it is not JSON in UTF-8");
  }
}

function refuseOthers(value: unknown): void {
  const { format, version } = Object(value);
  if (format !== BUNDLE.format) {
    throw badLine(1, "the file is no bundle of mcp-task-server");
  }
  if (version !== BUNDLE.version) {
    const newer = typeof version === "number" && version > BUNDLE.version;
    throw badLine(1, newer ? `it was written by a newer mcp-task-server (format ${version})` : "its format is unknown");
  }
}

/** The last line says how many come before it, and what they are. */
function checkEnd(value: unknown, lines: number, before: Bun.CryptoHasher): void {
  const { end } = Object(value);
  if (end !== undefined && (Object(end).lines !== lines || Object(end).sha256 !== before.copy().digest("hex"))) {
    throw badLine(lines + 1, "what comes before it is not what was written: lines were changed, added or lost");
  }
}

import { release } from "../memory.ts";
import { escapeInto } from "./json-escape.ts";

/** How much of a JSON string is made at a time, in bytes. A multiple of four, which Base64 comes in. */
const PIECE_BYTES = 64 * 1024;

/** Answers what stands in the place of a held text. */
type Take = (held: HeldText) => string;

let take: Take | undefined;

/**
 * An artifact's bytes as a string of an answer, which is printed piece by piece where `takingHeld` is used, once; by
 * `JSON.stringify` alone, as any string.
 */
export class HeldText {
  private readonly bytes: Uint8Array;
  private readonly encoding: "utf8" | "base64";
  private readonly size: number;
  private printed = 0;

  /** As text, `bytes` are to be UTF-8. */
  constructor(bytes: Uint8Array, encoding: "utf8" | "base64") {
    this.bytes = bytes;
    this.size = bytes.length;
    this.encoding = encoding;
  }

  /** How many of the bytes have not been printed yet. */
  left(): number {
    return this.size - this.printed;
  }

  toJSON(): string {
    const { buffer, byteOffset, length } = this.bytes;
    return take?.(this) ?? Buffer.from(buffer, byteOffset, length).toString(this.encoding);
  }

  /** The JSON string, without its quotes, in pieces that are the caller's. The bytes are given back with the last one. */
  *pieces(): Generator<Uint8Array> {
    const { bytes } = this;
    if (this.encoding === "utf8") {
      while (this.left() > 0) {
        const piece = Buffer.allocUnsafe(PIECE_BYTES);
        const { read, written } = escapeInto(bytes.subarray(this.printed), piece);
        this.printed += read;
        yield piece.subarray(0, written);
      }
    } else {
      const step = (PIECE_BYTES / 4) * 3;
      while (this.left() > 0) {
        const part = bytes.subarray(this.printed, this.printed + step);
        this.printed += part.length;
        yield Buffer.from(Buffer.from(part.buffer, part.byteOffset, part.length).toString("base64"), "latin1");
      }
    }
    release(bytes);
  }
}

/** Prints something with `mark` standing for each held text in it, one after the other. */
export function takingHeld<Printed>(mark: Take, print: () => Printed): Printed {
  take = mark;
  try {
    return print();
  } finally {
    take = undefined;
  }
}

import { isUtf8 } from "node:buffer";
import { open } from "node:fs/promises";
import { release } from "../memory.ts";
import { type ArtifactBytes, DamagedArtifact } from "./artifacts.ts";

/** How much of a file is in memory at a time, beside the range that was asked for. */
const CHUNK = 1024 * 1024;

/** The range of a file whose whole must have this size and hash. Throws `DamagedArtifact`. */
export async function readVerified(
  path: string,
  { sha256, size }: { sha256: string; size: number },
  { offset, length } = { offset: 0, length: size },
): Promise<ArtifactBytes> {
  const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
  const hasher = new Bun.CryptoHasher("sha256");
  const text = createTextCheck();
  await eachChunk(path, size, (chunk, at) => {
    hasher.update(chunk);
    text.add(chunk);
    const [from, to] = [Math.max(0, offset - at), Math.min(chunk.length, offset + length - at)];
    if (from < to) {
      chunk.copy(bytes, at + from - offset, from, to);
    }
  });
  const found = hasher.digest("hex");
  if (found !== sha256) {
    throw new DamagedArtifact(`${path} has other bytes: their SHA-256 is ${found}`);
  }
  return { bytes, utf8: text.holds() };
}

/** Hands over a file of so many bytes, chunk by chunk, each in the same memory. */
async function eachChunk(path: string, size: number, take: (chunk: Buffer, at: number) => void): Promise<void> {
  const file = await open(path, "r").catch((error) => {
    throw error.code === "ENOENT" ? new DamagedArtifact(`${path} is missing`) : error;
  });
  const memory = Buffer.alloc(Math.min(size, CHUNK));
  try {
    const { size: found } = await file.stat();
    if (found !== size) {
      throw new DamagedArtifact(`${path} has ${found} bytes instead of ${size}`);
    }
    for (let at = 0; at < size; ) {
      const { bytesRead } = await file.read(memory, 0, Math.min(memory.length, size - at), at);
      if (bytesRead === 0) {
        throw new DamagedArtifact(`${path} ended at ${at} of ${size} bytes while it was read`);
      }
      take(memory.subarray(0, bytesRead), at);
      at += bytesRead;
    }
  } finally {
    release(memory);
    await file.close();
  }
}

/** Whether chunks, one after the other, are UTF-8 without U+0000; characters may go from one into the next. */
function createTextCheck() {
  let holds = true;
  let open = Buffer.alloc(0);
  return {
    add(chunk: Buffer): void {
      if (holds) {
        const joint = open.length === 0 ? chunk : Buffer.concat([open, chunk]);
        const end = joint.length - openEnd(joint);
        holds = isUtf8(joint.subarray(0, end)) && !chunk.includes(0);
        open = Buffer.from(joint.subarray(end));
        if (joint !== chunk) {
          release(joint);
        }
      }
    },
    holds: () => holds && open.length === 0,
  };
}

/** How many bytes a UTF-8 character has that begins with this one. */
function characterBytes(first: number): number {
  return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
}

/** How many bytes at the end begin a character and do not end it: 0–3. */
function openEnd(bytes: Buffer): number {
  const back = [1, 2, 3].find((distance) => ((bytes.at(-distance) ?? 0) & 0xc0) !== 0x80) ?? 0;
  return back <= bytes.length && characterBytes(bytes.at(-back) ?? 0) > back ? back : 0;
}

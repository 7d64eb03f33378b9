import { isUtf8 } from "node:buffer";

/** The bytes asked for. */
export interface ArtifactBytes {
  bytes: Uint8Array;
  /** Whether the whole artifact, not only what was asked for, is UTF-8 without U+0000. */
  utf8: boolean;
}

/** Where artifacts' bytes lie: content-addressed, outside the database. */
export interface Artifacts {
  /**
   * Keeps bytes, durably, and answers their SHA-256; the same bytes are kept once, and mended where they are damaged.
   * Throws `storage_full`.
   */
  keep(bytes: Uint8Array): Promise<string>;
  /**
   * An artifact's bytes, or a range of them, as far as there are some. The hash of the whole is verified each time. Throws
   * `DamagedArtifact`.
   */
  read(artifact: { sha256: string; size: number }, range?: { offset: number; length: number }): Promise<ArtifactBytes>;
  /** Resolves when bytes could be kept; keeps none. */
  probe(): Promise<void>;
}

/** An artifact's bytes are missing, or no longer those that were kept; the message says where and how. */
export class DamagedArtifact extends Error {}

/** What commands read of them: all there are, and the bytes of each, verified. */
export interface ArtifactFiles {
  /** Throws `DamagedArtifact`. */
  read(artifact: { sha256: string; size: number }): Promise<{ bytes: Uint8Array }>;
  /** `sha256` is absent for what is no artifact's bytes. */
  list(): Promise<readonly { path: string; sha256?: string | undefined }[]>;
}

/** The folder, for what commands do with it beside. */
export interface ArtifactFolder extends Artifacts {
  list: ArtifactFiles["list"];
  /** Removes bytes, if they are there. */
  remove(sha256: string): Promise<void>;
  /**
   * Removes bytes that nothing references, unless they were kept, anew or again, since `before` (milliseconds since the
   * epoch): then they may be about to be referenced. Answers how many bytes they were; nothing when there were none.
   */
  discard(sha256: string, before: number, dryRun: boolean): Promise<number | "young" | undefined>;
  /** What was discarded stays so after a power cut. */
  settle(): Promise<void>;
}

/** What bytes are addressed by. */
export function hashOf(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

/** Whether bytes are UTF-8, without a copy of them. */
export function areUtf8(bytes: Uint8Array): boolean {
  return isUtf8(bytes);
}

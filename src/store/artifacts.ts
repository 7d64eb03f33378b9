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

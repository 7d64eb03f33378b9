/** Where artifacts' bytes lie: content-addressed, outside the database. */
export interface Artifacts {
  /** Keeps bytes, durably, and answers their SHA-256; the same bytes are kept once. Throws `storage_full`. */
  keep(bytes: Uint8Array): Promise<string>;
  /** The bytes of a SHA-256. Throws when they are missing or no longer have that hash: the store is damaged. */
  read(sha256: string): Promise<Uint8Array>;
  /** Resolves when bytes could be kept; keeps none. */
  probe(): Promise<void>;
}

import type { Database } from "bun:sqlite";
import { sealed, sound } from "./hashes.ts";

/** What the database keeps about itself under a name. */
export function metaValue(db: Database, key: string): Uint8Array | undefined {
  const row = db.query<{ value: Uint8Array }, [string]>("SELECT * FROM meta WHERE key = ?").get(key);
  return row === null ? undefined : sound("meta", row).value;
}

/** The same where it is text. */
export function metaText(db: Database, key: string): string | undefined {
  const value = metaValue(db, key);
  return value && Buffer.from(value).toString();
}

/** Keeps a text under a name. */
export function setMetaText(db: Database, key: string, text: string): void {
  db.query("INSERT OR REPLACE INTO meta (key, value, row_hash) VALUES ($key, $value, $row_hash)").run(
    sealed("meta", { key, value: Buffer.from(text) }),
  );
}

import type { Database } from "bun:sqlite";
import { type ArtifactFiles, DamagedArtifact, hashOf } from "../artifacts.ts";
import { BACKUP_TABLE } from "./verify.ts";

/** The artifacts' bytes that lie in a backup; nothing where the database is no backup. */
export function artifactsOfBackup(db: Database): ArtifactFiles | undefined {
  if (db.query("SELECT 1 FROM sqlite_master WHERE name = ?").get(BACKUP_TABLE) === null) {
    return undefined;
  }
  return {
    async read({ sha256, size }) {
      const row = db
        .query<{ bytes: Uint8Array }, [string]>("SELECT bytes FROM backup_artifacts WHERE sha256 = ?")
        .get(sha256);
      if (row === null) {
        throw new DamagedArtifact("its bytes are missing");
      }
      if (hashOf(row.bytes) !== sha256 || row.bytes.length !== size) {
        throw new DamagedArtifact("its bytes have another hash");
      }
      return { bytes: row.bytes };
    },
    async list() {
      return db
        .query<{ sha256: string }, []>("SELECT sha256 FROM backup_artifacts")
        .all()
        .map(({ sha256 }) => ({ path: sha256, sha256 }));
    },
  };
}

import { resolve } from "node:path";
import { type CommandLine, type Config, EXIT } from "../config.ts";
import { openArtifactFolder } from "../store/artifact-folder.ts";
import { artifactsOfBackup } from "../store/sqlite/backup-artifacts.ts";
import { looksForeign, openExisting } from "../store/sqlite/open.ts";
import { type Verified, verifyDatabase } from "../store/sqlite/verify.ts";
import { verifyArtifacts } from "../store/sqlite/verify-artifacts.ts";
import { StoreRefusal } from "../store/store.ts";
import { count, type Outcome } from "./outcome.ts";

/** `verify [file]`: the database and its artifacts, or a backup. One line a finding, the last one a summary. */
export async function verify({ operands: [file] }: CommandLine, config: Config): Promise<Outcome> {
  const path = file === undefined ? config.db : resolve(file);
  let verified: Verified = { damages: [], notes: [], rows: 0 };
  let artifacts = 0;
  try {
    const db = await openExisting(path);
    try {
      verified = await verifyDatabase(db, path);
      const files = artifactsOfBackup(db) ?? openArtifactFolder(config.artifacts);
      artifacts = await verifyArtifacts(db, files, verified);
    } finally {
      db.close();
    }
  } catch (error) {
    // A damaged header looks like another program's file; of a database that is not there, or newer, nothing can be said.
    if (error instanceof StoreRefusal && !looksForeign(path)) {
      throw error;
    }
    verified.damages.push(error instanceof Error ? error.message : String(error));
  }
  const { damages, notes, rows } = verified;
  const lines = [...damages.map((line) => `DAMAGED  ${line}`), ...notes.map((line) => `note     ${line}`)];
  const looked = `${count(rows, "row")}, ${count(artifacts, "artifact")}`;
  const summary =
    damages.length === 0 ? `sound: ${looked}` : `damaged: ${count(damages.length, "finding")} in ${looked}`;
  const report = [...lines, `${path}: ${summary}`].map((line) => `${line}\n`).join("");
  return { report, exitCode: damages.length === 0 ? EXIT.ok : EXIT.failure };
}

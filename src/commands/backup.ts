import { resolve } from "node:path";
import { createClock } from "../clock.ts";
import { type CommandLine, type Config, EXIT } from "../config.ts";
import { timestamp } from "../domain/instant.ts";
import { openArtifactFolder } from "../store/artifact-folder.ts";
import { backUp } from "../store/sqlite/backup.ts";
import { openExisting } from "../store/sqlite/open.ts";
import { count, type Outcome } from "./outcome.ts";

/** `backup <file>`: database and artifacts, as they are at one moment, in one file. */
export async function backup({ operands: [file = ""], flags }: CommandLine, config: Config): Promise<Outcome> {
  const path = resolve(file);
  const at = timestamp(createClock()());
  const db = await openExisting(config.db);
  try {
    const options = { path, replace: flags["force"] === true, at };
    const { tasks, artifacts, missing } = await backUp(db, openArtifactFolder(config.artifacts), options);
    return {
      report: `${path}: ${count(tasks, "task")}, ${count(artifacts, "artifact")}\n`,
      notes: missing.map((sha256) => `the bytes of artifact ${sha256} are missing or damaged, and not in the backup`),
      exitCode: missing.length === 0 ? EXIT.ok : EXIT.failure,
    };
  } finally {
    db.close();
  }
}

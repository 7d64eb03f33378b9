import { resolve } from "node:path";
import { type CommandLine, type Config, EXIT } from "../config.ts";
import { openArtifactFolder } from "../store/artifact-folder.ts";
import { restore as restoreBackup } from "../store/sqlite/restore.ts";
import { count, type Outcome } from "./outcome.ts";

/** `restore <file>`: a backup in the place of the database and into the artifacts folder. */
export async function restore({ operands: [file = ""], flags }: CommandLine, config: Config): Promise<Outcome> {
  const artifacts = openArtifactFolder(config.artifacts);
  const restored = await restoreBackup(resolve(file), { path: config.db, artifacts, force: flags["force"] === true });
  const report = `${config.db}: ${count(restored.tasks, "task")}, ${count(restored.artifacts, "artifact")} restored\n`;
  return { report, exitCode: EXIT.ok };
}

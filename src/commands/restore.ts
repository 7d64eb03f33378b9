import { resolve } from "node:path";
import { type CommandLine, type Config, EXIT } from "../config.ts";
import { openArtifactFolder } from "../store/artifact-folder.ts";
import { restore as restoreBackup } from "../store/sqlite/restore.ts";
import type { RestoredTokens } from "../store/sqlite/restore-tokens.ts";
import { count, type Outcome } from "./outcome.ts";

/** `restore <file>`: a backup in the place of the database and into the artifacts folder. */
export async function restore({ operands: [file = ""], flags }: CommandLine, config: Config): Promise<Outcome> {
  const artifacts = openArtifactFolder(config.artifacts);
  const restored = await restoreBackup(resolve(file), { path: config.db, artifacts, force: flags["force"] === true });
  const report = `${config.db}: ${count(restored.tasks, "task")}, ${count(restored.artifacts, "artifact")} restored\n`;
  return { report, notes: notesOn(restored.tokens), exitCode: EXIT.ok };
}

const LOOK = "`mcp-task-server token list` shows them, `token revoke <agent or id>` ends one";

/** What a person should know of the tokens that a server asks for from now on. */
function notesOn({ compared, kept, revoked, asBackedUp }: RestoredTokens): string[] {
  const notes: string[] = [];
  if (!compared) {
    notes.push(
      "not all tokens of what was there could be read; the others are as of the backup: gone if they were made since, valid if " +
        `they were revoked since, and where there is none at all a server asks for none; ${LOOK}`,
    );
  }
  if (kept + revoked > 0) {
    const stay = [
      ...(kept > 0 ? [`${count(kept, "token")} made since the backup`] : []),
      ...(revoked > 0 ? [`${count(revoked, "revocation")} since`] : []),
    ];
    notes.push(`kept of what was there: ${stay.join(" and ")}`);
  }
  if (compared && asBackedUp > 0) {
    notes.push(
      `${count(asBackedUp, "token")} that what was there did not have ${asBackedUp === 1 ? "is" : "are"} valid, as of the backup; ${LOOK}`,
    );
  }
  return notes;
}

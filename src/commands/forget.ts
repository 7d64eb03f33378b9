import { createClock } from "../clock.ts";
import { type CommandLine, type Config, EXIT } from "../config.ts";
import { quote } from "../domain/clean.ts";
import { openArtifactFolder } from "../store/artifact-folder.ts";
import { forget as forgetTask } from "../store/sqlite/forget.ts";
import { migrate } from "../store/sqlite/migrate.ts";
import { openExisting } from "../store/sqlite/open.ts";
import { count, type Outcome } from "./outcome.ts";

const BACKUPS = "backups and exports made before still have it: delete them, or keep them as safe as what is in them";

/** `forget <task_id>`: the task, all that hangs on it, and every trace of it in our files. */
export async function forget({ operands: [task_id = ""] }: CommandLine, config: Config): Promise<Outcome> {
  const clock = createClock();
  const db = await openExisting(config.db);
  try {
    await migrate(db);
    const folder = openArtifactFolder(config.artifacts);
    const forgotten = await forgetTask(db, folder, task_id, () => clock().wall);
    const { found, checkpoints, events, artifacts, held, young, swept } = forgotten;
    const notes =
      young === 0 ? [] : [`${count(young, "file")} of the last hour that no task has stay until a later run`];
    if (held > 0) {
      notes.push(
        `Cannot remove the bytes of ${count(held, "artifact")}: somebody keeps the same bytes again and again, as if to attach ` +
          "them; run the same command again once that has ended",
      );
    }
    if (!swept) {
      notes.push(
        "Cannot sweep the log: another process has been reading an old state of the database for 5 seconds, so its " +
          "files may still have traces of the task; run the same command again once that process has ended",
      );
    }
    if (!found) {
      const unknown = `Cannot forget task ${quote(task_id)}: there is no such task; what earlier deletions left in the files was swept away`;
      return { report: "", notes: [swept ? unknown : (unknown.split(";")[0] ?? ""), ...notes], exitCode: EXIT.failure };
    }
    const what = [count(checkpoints, "checkpoint"), count(events, "event"), count(artifacts, "artifact")].join(", ");
    const report = `${task_id}: forgotten, with ${what}\n`;
    return { report, notes: [...notes, BACKUPS], exitCode: swept && held === 0 ? EXIT.ok : EXIT.failure };
  } finally {
    db.close();
  }
}

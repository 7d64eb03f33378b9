import { createClock } from "../clock.ts";
import { type CommandLine, type Config, EXIT, StartRefusal } from "../config.ts";
import { quote } from "../domain/clean.ts";
import { openArtifactFolder } from "../store/artifact-folder.ts";
import { migrate } from "../store/sqlite/migrate.ts";
import { openExisting } from "../store/sqlite/open.ts";
import { prune as pruneStore } from "../store/sqlite/prune.ts";
import { YOUNG_MS } from "../store/sqlite/sweep.ts";
import { count, type Outcome } from "./outcome.ts";

/** `prune --before <time>`: removes finished tasks, and artifacts that no task has any more, while servers run. */
export async function prune({ flags }: CommandLine, config: Config): Promise<Outcome> {
  const clock = createClock();
  const { wall } = clock();
  const before = new Date(momentOf(flags["before"], wall)).toISOString();
  const dryRun = flags["dry-run"] === true;
  const db = await openExisting(config.db);
  try {
    await migrate(db);
    const pruning = { before, dryRun, keptBefore: wall - YOUNG_MS };
    const pruned = await pruneStore(db, openArtifactFolder(config.artifacts), pruning);
    const { tasks, checkpoints, events, artifacts, files, bytes, young } = pruned;
    const hung = [count(checkpoints, "checkpoint"), count(events, "event"), count(artifacts, "artifact")].join(", ");
    const report = [
      `finished before ${before}: ${dryRun ? "would remove" : "removed"} ${count(tasks, "task")}, with ${hung}\n`,
      `artifacts that no task has: ${dryRun ? "would remove" : "removed"} ${count(files, "file")}, ${count(bytes, "byte")}\n`,
    ].join("");
    const notes = young === 0 ? [] : [`${count(young, "file")} of the last hour stay until a later run`];
    return { report, notes, exitCode: EXIT.ok };
  } finally {
    db.close();
  }
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** A time, or how long ago it is, in milliseconds since the epoch. Throws `StartRefusal` for what is none, or to come. */
function momentOf(text: unknown, now: number): number {
  const given = typeof text === "string" ? text : "";
  const [, number, unit = ""] = /^(\d{1,9})([smhdw])$/.exec(given) ?? [];
  const dated = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(given);
  const moment = dated ? Date.parse(given) : now - Number(number) * 1000 * (SECONDS[unit] ?? Number.NaN);
  if (!(moment >= 0 && moment <= now)) {
    const reason = text === undefined ? "--before is required" : `${quote(given)} is no time that has passed`;
    throw new StartRefusal(
      EXIT.usage,
      `Cannot prune: ${reason}; a date such as 2026-01-31 or 2026-01-31T12:00:00Z (UTC where none is named), or how long ago, such as 90d, ` +
        "is accepted (units: s, m, h, d, w)",
    );
  }
  return moment;
}

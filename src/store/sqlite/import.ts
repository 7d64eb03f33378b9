import type { Database } from "bun:sqlite";
import type { BundleLine } from "../../domain/bundle.ts";
import { quote } from "../../domain/clean.ts";
import type { Instant } from "../../domain/instant.ts";
import type { ArtifactFolder } from "../artifacts.ts";
import { OperationRefusal } from "../store.ts";
import { indexTags, insertArtifact, insertCheckpoint, insertEvent, insertTask } from "./apply.ts";
import { unbundledTask } from "./bundle-rows.ts";
import { type BundleSize, checkBundle } from "./check-bundle.ts";
import { immediately } from "./migrate.ts";
import { bundleLinesOf, parsedLines } from "./read-bundle.ts";
import { patiently } from "./retry.ts";
import { isReferenced } from "./sweep.ts";

/** What an import needs of the process around it. */
export interface ImportHost {
  now(): Instant;
  /** A lease token that nobody has had. */
  token(): string;
}

/**
 * Adds the tasks of a bundle, an open file, to a store: all of them in one transaction, or none. It is read several
 * times: to check it, for the artifacts' bytes, and for the rows. Throws `OperationRefusal` for a bundle that is not whole, and
 * where a task or artifact of an id is there already.
 */
export async function importInto(
  db: Database,
  artifacts: ArtifactFolder,
  file: number,
  host: ImportHost,
): Promise<BundleSize> {
  const size = checkBundle(file);
  refuseTaken(db, file);
  const present = new Set((await artifacts.list()).map(({ sha256 }) => sha256));
  const added = new Set<string>();
  try {
    await keepContents(artifacts, file, (sha256) => {
      if (!present.has(sha256)) {
        added.add(sha256);
      }
      return true;
    });
    await patiently(() => immediately(db, () => insertAll(db, file, host)));
  } catch (error) {
    const used = isReferenced(db);
    for (const sha256 of [...added].filter((one) => !used(one))) {
      await artifacts.remove(sha256);
    }
    throw error;
  }
  // No row named them until now: what `prune` or `forget` took for left over meanwhile is kept anew.
  const there = new Set((await artifacts.list()).map(({ sha256 }) => sha256));
  await keepContents(artifacts, file, (sha256) => !there.has(sha256));
  return size;
}

/** Keeps those of the bytes in a bundle that are wanted. */
async function keepContents(artifacts: ArtifactFolder, file: number, wanted: (sha256: string) => boolean) {
  for (const { value } of parsedLines(file)) {
    const { content } = Object(value);
    if (content !== undefined && wanted(content.sha256)) {
      await artifacts.keep(Buffer.from(content.base64, "base64"));
    }
  }
}

function insertAll(db: Database, file: number, host: ImportHost): void {
  refuseTaken(db, file);
  const now = host.now();
  const rows = new Map<string, number>();
  for (const { line } of bundleLinesOf(file)) {
    insertLine(db, line, rows, { now, token: host.token() });
  }
}

function insertLine(
  db: Database,
  line: BundleLine,
  rows: Map<string, number>,
  by: { now: Instant; token: string },
): void {
  const rowOf = (task_id: string) => rows.get(task_id) ?? 0;
  if ("task" in line) {
    const task = unbundledTask(line.task, by.now, by.token);
    const row = insertTask(db, task, line.task.content_hash);
    rows.set(task.task_id, row);
    indexTags(db, task, undefined, row);
  } else if ("checkpoint" in line) {
    const { task_id, ...checkpoint } = line.checkpoint;
    insertCheckpoint(db, rowOf(task_id), checkpoint);
  } else if ("artifact" in line) {
    const { task_id, ...artifact } = line.artifact;
    insertArtifact(db, rowOf(task_id), artifact);
  } else if ("event" in line) {
    insertEvent(db, rowOf(line.event.task_id), line.event);
  }
}

/** Ids are what everything else refers to: none is changed, so none may be there. */
function refuseTaken(db: Database, file: number): void {
  const task = db.query("SELECT 1 FROM tasks WHERE task_id = ?");
  const artifact = db.query("SELECT 1 FROM artifacts WHERE artifact_id = ?");
  const taken: string[] = [];
  for (const { value } of parsedLines(file)) {
    const { task: one, artifact: other } = Object(value);
    if (one !== undefined && task.get(one.task_id) !== null) {
      taken.push(`task ${quote(one.task_id)}`);
    } else if (other !== undefined && artifact.get(other.artifact_id) !== null) {
      taken.push(`artifact ${quote(other.artifact_id)}`);
    }
  }
  if (taken.length > 0) {
    const named = `${taken.slice(0, 3).join(", ")}${taken.length > 3 ? ` and ${taken.length - 3} more` : ""}`;
    throw new OperationRefusal(
      `Cannot import: ${named} is there already; a store in which every id is free is accepted, such as another --db`,
    );
  }
}

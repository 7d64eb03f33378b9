import type { Database } from "bun:sqlite";
import { BUNDLE, type BundleLine } from "../../domain/bundle.ts";
import { quote } from "../../domain/clean.ts";
import type { ArtifactFiles } from "../artifacts.ts";
import { OperationRefusal } from "../store.ts";
import { bundledTask } from "./bundle-rows.ts";
import { DamagedRow, type HashedTable, rowsOf, sound } from "./hashes.ts";
import { begunRemovals } from "./remove.ts";
import {
  type ArtifactRow,
  type CheckpointRow,
  type EventRow,
  type TaskRow,
  toArtifact,
  toCheckpoint,
  toEvent,
} from "./rows.ts";

/**
 * The lines of a bundle, with their ends: everything but keys, tokens, leases and tasks that are being removed, as it is at one
 * moment. Equal stores give equal bytes. Throws `OperationRefusal` where an artifact's bytes are missing, `DamagedRow` for a row.
 */
export async function* bundleLines(db: Database, artifacts: Pick<ArtifactFiles, "read">): AsyncGenerator<string> {
  const hash = new Bun.CryptoHasher("sha256");
  let lines = 0;
  const line = (value: BundleLine | typeof BUNDLE) => {
    const text = `${JSON.stringify(value)}\n`;
    hash.update(text);
    lines++;
    return text;
  };
  db.run("BEGIN");
  try {
    yield line(BUNDLE);
    for (const row of stayingRows<TaskRow>(db, "tasks")) {
      yield line({ task: bundledTask(sound("tasks", row)) });
    }
    for (const row of stayingRows<CheckpointRow & Child>(db, "checkpoints")) {
      yield line({ checkpoint: { task_id: idOf(db, row.task), ...toCheckpoint(sound("checkpoints", row)) } });
    }
    for (const row of stayingRows<ArtifactRow & Child>(db, "artifacts")) {
      yield line({ artifact: { task_id: idOf(db, row.task), ...toArtifact(sound("artifacts", row)) } });
    }
    for (const artifact of contents(db)) {
      const { sha256 } = artifact;
      const { bytes } = await artifacts.read(artifact).catch(() => refuseMissing(sha256));
      yield line({ content: { sha256, base64: Buffer.from(bytes).toString("base64") } });
    }
    for (const row of stayingRows<EventRow & Child>(db, "events")) {
      yield line({ event: { task_id: idOf(db, row.task), ...toEvent(sound("events", row)) } });
    }
    yield line({ end: { lines, sha256: hash.copy().digest("hex") } });
  } finally {
    db.run("ROLLBACK");
  }
}

/** The rows of tasks, or of what hangs on them, but for tasks that are being removed: their history is not whole any more. */
function* stayingRows<Row extends object>(db: Database, table: HashedTable): Generator<Row> {
  const leaving = new Set(begunRemovals(db, Number.MAX_SAFE_INTEGER).map(({ id }) => id));
  for (const row of rowsOf<Row>(db, table)) {
    const task: unknown = Reflect.get(row, table === "tasks" ? "id" : "task");
    if (!leaving.has(Number(task))) {
      yield row;
    }
  }
}

/** A row that belongs to a task. */
interface Child {
  task: number;
}

function idOf(db: Database, task: number): string {
  const row = db.query<{ task_id: string }, [number]>("SELECT task_id FROM tasks WHERE id = ?").get(task);
  if (row === null) {
    throw new DamagedRow("a row refers to a task that does not exist");
  }
  return row.task_id;
}

function contents(db: Database): { sha256: string; size: number }[] {
  return db
    .query<{ sha256: string; size: number }, []>(
      `SELECT DISTINCT sha256, size FROM artifacts
       WHERE task NOT IN (SELECT id FROM removals JOIN tasks USING (task_id)) ORDER BY sha256`,
    )
    .all();
}

function refuseMissing(sha256: string): never {
  throw new OperationRefusal(
    `Cannot export artifact ${quote(sha256)}: its bytes are missing or damaged; \`mcp-task-server verify\` shows whose they are, ` +
      "and a backup may still have them",
  );
}

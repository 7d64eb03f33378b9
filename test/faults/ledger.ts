import { Database } from "bun:sqlite";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Acknowledged } from "./load.ts";

interface TaskRow {
  id: number;
  task_id: string;
  status: string;
  current_owner: string | null;
  handoff: string | null;
  checkpoint_count: number;
  version: number;
}

interface EventRow {
  task: number;
  version: number;
  command: string;
  agent: string | null;
  effects: string;
  changes: string;
}

/** A store as it lies on the disk. */
export interface Site {
  db: string;
  artifacts: string;
}

/** Everything that is wrong with a store: damaged, half-applied, or acknowledged and missing. Nothing, where all is well. */
export function problemsOf({ db: path, artifacts }: Site, acknowledged: readonly Acknowledged[]): string[] {
  if (!existsSync(path)) {
    return acknowledged.length === 0 ? [] : [`there is no database for ${acknowledged.length} acknowledged writes`];
  }
  const db = new Database(path, { readwrite: true, create: false });
  try {
    // Nothing is cut here.
    db.run("PRAGMA synchronous = OFF");
    if (db.query("SELECT 1 FROM sqlite_schema WHERE name = 'tasks'").get() === null) {
      return acknowledged.length === 0 ? [] : [`there is no table for ${acknowledged.length} acknowledged writes`];
    }
    const events = db.query<EventRow, []>("SELECT * FROM events ORDER BY task, version").all();
    return [
      ...damage(db),
      ...halfApplied(
        db,
        Map.groupBy(events, ({ task }) => task),
      ),
      ...brokenArtifacts(db, artifacts),
      ...missing(db, events, acknowledged),
    ];
  } catch (error) {
    return [`the database cannot be read: ${error}`];
  } finally {
    db.close();
  }
}

function damage(db: Database): string[] {
  const checked = db.query<{ integrity_check: string }, []>("PRAGMA integrity_check").all();
  const found = checked.map(({ integrity_check }) => integrity_check).filter((line) => line !== "ok");
  return [
    ...found,
    ...db
      .query("PRAGMA foreign_key_check")
      .all()
      .map((row) => `dangling: ${JSON.stringify(row)}`),
  ];
}

/** Tasks that are not what their own history makes of them. */
function halfApplied(db: Database, histories: Map<number, EventRow[]>): string[] {
  const count = (table: "checkpoints" | "artifacts", task: number) =>
    Number(Object(db.query(`SELECT count(*) AS n FROM ${table} WHERE task = ?`).get(task)).n);
  return db
    .query<TaskRow, []>("SELECT * FROM tasks")
    .all()
    .flatMap((task) => {
      const history = histories.get(task.id) ?? [];
      const last = (field: string) => history.map(({ changes }) => JSON.parse(changes)[field]).findLast(Boolean)?.new;
      const effects = history.flatMap((event): string[] => JSON.parse(event.effects));
      const times = (effect: string) => effects.filter((one) => one === effect).length;
      const told = {
        versions: history.map(({ version }) => version),
        status: last("status"),
        owner: last("current_owner") ?? null,
        offered: last("handoff") !== undefined,
        checkpoints: times("checkpoint_saved"),
        counted: times("checkpoint_saved"),
        artifacts: times("artifact_attached"),
      };
      const found = {
        versions: Array.from({ length: task.version }, (_, index) => index + 1),
        status: task.status,
        owner: task.current_owner,
        offered: task.handoff !== null,
        checkpoints: count("checkpoints", task.id),
        counted: task.checkpoint_count,
        artifacts: count("artifacts", task.id),
      };
      const [one, other] = [JSON.stringify(found), JSON.stringify(told)];
      return one === other ? [] : [`${task.task_id} is ${one}, its history says ${other}`];
    });
}

/** Rows without bytes of their hash. */
function brokenArtifacts(db: Database, folder: string): string[] {
  return db
    .query<{ sha256: string; size: number }, []>("SELECT DISTINCT sha256, size FROM artifacts")
    .all()
    .flatMap(({ sha256, size }) => {
      const path = join(folder, sha256.slice(0, 2), sha256);
      const bytes = existsSync(path) ? readFileSync(path) : undefined;
      const sound = bytes?.length === size && Bun.SHA256.hash(bytes, "hex") === sha256;
      return sound ? [] : [`${path} has ${bytes?.length ?? "no"} bytes, not the ${size} of its hash`];
    });
}

function missing(db: Database, events: readonly EventRow[], acknowledged: readonly Acknowledged[]): string[] {
  const tasks = new Map(
    db
      .query<TaskRow, []>("SELECT * FROM tasks")
      .all()
      .map((task) => [task.task_id, task]),
  );
  const known = new Map(events.map((event) => [`${event.task} ${event.version}`, event]));
  return acknowledged.flatMap(({ call, answer }) => {
    const { version, checkpoint, artifact_id, sha256 } = Object(call.name === "claim_task" ? answer["task"] : answer);
    const task = tasks.get(`${call.arguments["task_id"]}`);
    const event = known.get(`${task?.id} ${version}`);
    const kept =
      event?.command === call.name &&
      (call.name !== "save_checkpoint" || hasCheckpoint(db, event.task, checkpoint, call)) &&
      (call.name !== "attach_artifact" ||
        db.query("SELECT 1 FROM artifacts WHERE artifact_id = ? AND sha256 = ?").get(artifact_id, sha256) !== null);
    const told = `${call.name} ${call.arguments["task_id"]}, version ${version}`;
    return kept ? [] : [`${told}, was acknowledged; there is ${event?.command ?? "nothing"}`];
  });
}

function hasCheckpoint(db: Database, task: number, number: number, { arguments: args }: Acknowledged["call"]): boolean {
  const row = db
    .query("SELECT completed_steps AS steps FROM checkpoints WHERE task = ? AND number = ?")
    .get(task, number);
  return Object(row).steps === JSON.stringify(args["completed_steps"]);
}

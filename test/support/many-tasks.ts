import { Database } from "bun:sqlite";
import { createClock } from "../../src/clock.ts";
import { sealRows } from "../../src/store/sqlite/hashes.ts";
import { immediately } from "../../src/store/sqlite/migrate.ts";
import { openStore } from "../../src/store/sqlite/open.ts";

const WORDS = 5000;
const WORDS_A_TASK = 25;

/**
 * Fills a database, made where there is none, with tasks `t0` …, as if each had been created by a call, but in one
 * transaction. The goal of each has 25 words, the same ones on every run: `common` in every task, `even` or `odd`,
 * `hundredth` in every hundredth, `unique<n>` in task n alone, and the rest of 5,000 words, some often, most seldom.
 */
export async function fillWithTasks(path: string, count: number): Promise<void> {
  await (await openStore(path, { now: createClock(), onOutdated: () => undefined })).close();
  const db = new Database(path, { strict: true });
  const task = db.query(
    `INSERT INTO tasks (task_id, title, goal, status, priority, tags, content_hash, checkpoint_count, version,
       created_at, updated_at)
     VALUES ($task_id, $title, $goal, $status, 2, '[]', '', 0, 1, $at, $at)`,
  );
  const event = db.query(
    `INSERT INTO events (task, version, command, at, effects, changes)
     VALUES (last_insert_rowid(), 1, 'create_task', ?, '["created"]', '{}')`,
  );
  const word = createWords();
  immediately(db, () => {
    for (let n = 0; n < count; n++) {
      const at = new Date(Date.UTC(2026, 0, 1) + 1000 * n).toISOString();
      const special = `common ${n % 2 === 0 ? "even" : "odd"}${n % 100 === 0 ? " hundredth" : ""} unique${n}`;
      const goal = `${special} ${Array.from({ length: WORDS_A_TASK - 3 }, word).join(" ")}`;
      task.run({ task_id: `t${n}`, title: `Task ${n}`, goal, status: n % 1000 === 0 ? "done" : "open", at });
      event.run(at);
    }
    sealRows(db);
  });
  db.close();
}

/** Words of a language: the n-th comes about 1/n times as often as the first. */
function createWords(): () => string {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return `w${Math.floor(WORDS ** (state / 2 ** 32))}`;
  };
}

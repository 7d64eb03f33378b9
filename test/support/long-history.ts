import { Database } from "bun:sqlite";
import { createClock } from "../../src/clock.ts";
import { sealRows } from "../../src/store/sqlite/hashes.ts";
import { immediately } from "../../src/store/sqlite/migrate.ts";
import { openStore } from "../../src/store/sqlite/open.ts";

/** Fills a database, made where there is none, with a task `long`, done long ago, of so many events and checkpoints. */
export async function fillWithLongHistory(path: string, events: number): Promise<void> {
  await (await openStore(path, { now: createClock(), onOutdated: () => undefined })).close();
  const db = new Database(path, { strict: true });
  const numbers = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)";
  const at = "2024-01-01T00:00:00.000Z";
  immediately(db, () => {
    const { lastInsertRowid } = db.run(
      `INSERT INTO tasks (task_id, title, goal, status, priority, tags, content_hash, checkpoint_count, version, created_at, updated_at)
       VALUES ('long', 'Title', 'Goal', 'done', 2, '["old"]', '', ?, ?, '${at}', '${at}')`,
      [events, events],
    );
    const task = Number(lastInsertRowid);
    db.run(`INSERT INTO task_tags (tag, updated_at, task, status) VALUES ('old', '${at}', ?, 'done')`, [task]);
    db.run(
      `${numbers} INSERT INTO events (task, version, command, agent, at, effects, changes)
       SELECT ?, n, 'save_checkpoint', 'a', '${at}', '["checkpoint_saved"]', '{}' FROM numbers`,
      [events, task],
    );
    db.run(
      `${numbers} INSERT INTO checkpoints (task, number, agent, created_at, completed_steps, remaining_steps, test_results)
       SELECT ?, n, 'a', '${at}', '["step"]', '[]', '[]' FROM numbers`,
      [events, task],
    );
    sealRows(db);
  });
  db.close();
}

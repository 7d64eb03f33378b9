import { Database, type SQLQueryBindings } from "bun:sqlite";

type Row = Record<string, SQLQueryBindings>;

/**
 * Opens a database of ours that has one task with a checkpoint, and answers what writes the next checkpoint as durably and
 * as barely as can be: copies of the same rows, one transaction, no rule looked at.
 */
export function createRawWrite(path: string): () => void {
  const db = new Database(path, { strict: true });
  db.run("PRAGMA synchronous = FULL");
  db.run("PRAGMA foreign_keys = ON");
  const newest = (table: string, key: string): Row =>
    Object(db.query(`SELECT * FROM ${table} ORDER BY ${key} DESC LIMIT 1`).get());
  const { id: _, ...checkpoint } = newest("checkpoints", "id");
  const { seq: __, ...event } = newest("events", "seq");
  const { id, version, checkpoint_count, updated_at } = newest("tasks", "id");
  const insert = (table: string, row: Row) => {
    const columns = Object.keys(row);
    return db.query(`INSERT INTO ${table} (${columns}) VALUES (${columns.map((column) => `$${column}`)})`);
  };
  const [addCheckpoint, addEvent] = [insert("checkpoints", checkpoint), insert("events", event)];
  const update = db.query("UPDATE tasks SET version = ?, checkpoint_count = ?, updated_at = ? WHERE id = ?");
  let [atVersion, atNumber] = [Number(version), Number(checkpoint_count)];
  return () => {
    db.run("BEGIN IMMEDIATE");
    update.run(++atVersion, ++atNumber, updated_at ?? null, id ?? null);
    addCheckpoint.run({ ...checkpoint, number: atNumber });
    addEvent.run({ ...event, version: atVersion });
    db.run("COMMIT");
  };
}

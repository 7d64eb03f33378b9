import type { Database } from "bun:sqlite";

/**
 * What of each table is hashed, in this order: all but row ids and the hash itself. Row ids stand a second time in the
 * indexes, which `integrity_check` compares.
 */
const COLUMNS = {
  meta: ["key", "value"],
  tasks: [
    ...["task_id", "title", "goal", "repo_path", "status", "current_owner", "owner_key", "owned_since", "priority"],
    ...["tags", "handoff", "exhausted", "ownership", "deadline_at", "deadline_uptime", "deadline_boot", "let_go_key"],
    ...["described_by", "described_at", "content_hash", "checkpoint_count", "version", "created_at", "updated_at"],
  ],
  checkpoints: [
    ...["task", "number", "agent", "created_at", "completed_steps", "remaining_steps", "test_results"],
    ...["resume_prompt", "context", "origins", "repo_state"],
  ],
  artifacts: ["artifact_id", "task", "name", "kind", "mime_type", "size", "sha256", "agent", "created_at"],
  events: ["task", "version", "command", "agent", "at", "effects", "changes"],
  tokens: ["token_id", "agent", "agent_key", "role", "digest", "created_at", "revoked_at"],
  idempotency: ["key", "args_hash", "answer", "task", "expires_at", "expires_uptime", "boot_id"],
} as const;

/** A table whose rows carry their hash. */
export type HashedTable = keyof typeof COLUMNS;

/** By what the rows of each table are gone through. */
const KEYS: Readonly<Record<HashedTable, string>> = {
  meta: "key",
  tasks: "id",
  checkpoints: "id",
  artifacts: "id",
  events: "seq",
  idempotency: "id",
  tokens: "id",
};

/** Every table whose rows carry their hash. */
export const HASHED_TABLES: readonly HashedTable[] = [
  "meta",
  "tasks",
  "checkpoints",
  "artifacts",
  "events",
  "idempotency",
  "tokens",
];

/** What was read is not what was written: the database is damaged. */
export class DamagedRow extends Error {}

/**
 * The hash of a row, given by its columns: 53 bits of xxHash3, as many as a JavaScript number holds. It is there to find
 * accidents; whoever can write to the file can write a hash, too.
 */
export function rowHash(table: HashedTable, row: object): number {
  const values = COLUMNS[table].map((column) => plain(Reflect.get(row, column)));
  return Number(Bun.hash.xxHash3(JSON.stringify(values)) >> 11n);
}

/** Blobs by their bytes, whatever object holds them; what is absent as SQLite stores it. */
function plain(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : (value ?? null);
}

/** The row with its hash, to be written. */
export function sealed<Row extends object>(table: HashedTable, row: Row): Row & { row_hash: number } {
  return { ...row, row_hash: rowHash(table, row) };
}

/** Whether a row as it was read is as it was written. */
export function isSound(table: HashedTable, row: object): boolean {
  return Reflect.get(row, "row_hash") === rowHash(table, row);
}

/** The same row. Throws `DamagedRow` where it is not as it was written: it is neither served nor written over. */
export function sound<Row extends object>(table: HashedTable, row: Row): Row {
  if (!isSound(table, row)) {
    throw new DamagedRow(`a row of ${table} is not as it was written`);
  }
  return row;
}

/** Tells a row to people, by what it is known by. */
export function nameOf(table: HashedTable, row: object): string {
  const key: unknown = Reflect.get(row, KEYS[table]);
  return `${table}, ${KEYS[table]} ${String(key)}`;
}

const PAGE = 1000;
const PAGES = Object.fromEntries(
  HASHED_TABLES.map((table) => {
    const key = KEYS[table];
    return [table, `SELECT * FROM ${table} WHERE ${key} > +$after ORDER BY ${key} LIMIT ${PAGE}`];
  }),
);
const SEALS = Object.fromEntries(
  HASHED_TABLES.map((table) => [table, `UPDATE ${table} SET row_hash = ? WHERE ${KEYS[table]} = ?`]),
);

/** Every row of a table, page by page: an open iterator would hold a read transaction. */
export function* rowsOf<Row extends object>(db: Database, table: HashedTable): Generator<Row> {
  const page = db.prepare<Row, { after: string | number }>(PAGES[table] ?? "");
  try {
    for (let after: string | number = KEYS[table] === "key" ? "" : 0; ; ) {
      const rows = page.all({ after });
      yield* rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE) {
        return;
      }
      const key: unknown = Reflect.get(last, KEYS[table]);
      after = typeof key === "string" ? key : Number(key);
    }
  } finally {
    page.finalize();
  }
}

/** Hashes the rows that were written before there were hashes, immutable ones too; inside the migration's transaction. */
export function sealRows(db: Database): void {
  const guards = db
    .query<{ name: string; sql: string }, []>("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    .all();
  for (const { name } of guards) {
    const drop = `DROP TRIGGER "${name}"`;
    db.run(drop);
  }
  for (const table of HASHED_TABLES) {
    const seal = db.prepare(SEALS[table] ?? "");
    for (const row of rowsOf(db, table)) {
      seal.run(rowHash(table, row), Reflect.get(row, KEYS[table]));
    }
    seal.finalize();
  }
  for (const { sql } of guards) {
    db.run(sql);
  }
}

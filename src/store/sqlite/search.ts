import type { Database } from "bun:sqlite";
import type { Instant } from "../../domain/instant.ts";
import { holds, type Term } from "../../domain/words.ts";
import type { TaskFilter } from "../store.ts";
import { sound } from "./hashes.ts";
import { onOneState } from "./migrate.ts";
import { conditionsOf, latestSeq } from "./queries.ts";
import type { TaskRow } from "./rows.ts";
import { CANDIDATES, candidateWindows, expressionOf } from "./search-candidates.ts";
import { documentOf, indexedUntil } from "./search-index.ts";

/** Below this `seq` there are too few documents for SQLite to take long over any words. */
const NEAR = 2 * CANDIDATES;
/** How much a page looks through without the index: tasks, the characters of their texts, and events. */
const UNINDEXED = { tasks: 1000, characters: 2 ** 21, events: 10_000 };

/** A search of tasks: at most `limit` of those that have all terms and pass the filter. */
export interface Search {
  terms: readonly Term[];
  filter: TaskFilter;
  /** The `seq` of the change before which to go on; absent on the first page. */
  below?: number | undefined;
  limit: number;
  now: Instant;
}

/** A page, the last changed task first, and the `seq` below which to go on if there may be more. */
export interface Found {
  rows: FoundRow[];
  next: number | undefined;
}

type FoundRow = TaskRow & { seq: number };
type Narrowed = ReturnType<typeof narrowed>;

/**
 * Searches one state of the store, in which every task stands at its newest change. Tasks that the index does not know
 * in their present state are looked through one by one; they were changed later than any that it knows.
 */
export function search(db: Database, wanted: Search): Found {
  return onOneState(db, () => {
    const { limit, below = latestSeq(db) + 1 } = wanted;
    const until = indexedUntil(db);
    const { rows, stopped } = below > until + 1 ? searchUnindexed(db, wanted, until, below) : NOTHING;
    if (rows.length > limit || stopped !== undefined) {
      return page(rows, limit, stopped);
    }
    const rest = { ...wanted, below: Math.min(below, until + 1), limit: limit + 1 - rows.length };
    const found = searchIndexed(db, rest);
    return page([...rows, ...found.rows], limit, found.stopped);
  });
}

const NOTHING = { rows: [], stopped: undefined };

function page(rows: FoundRow[], limit: number, stopped: number | undefined): Found {
  return rows.length > limit ? { rows: rows.slice(0, limit), next: rows[limit - 1]?.seq } : { rows, next: stopped };
}

/** Looks at the texts of tasks changed after `until`; `stopped` tells where, when it did not come that far. */
function searchUnindexed(db: Database, { terms, filter, limit, now }: Search, until: number, below: number) {
  const floor = Math.max(until + 1, below - UNINDEXED.events);
  const rows: FoundRow[] = [];
  let tasks = 0;
  let characters = 0;
  for (const seq of unindexed(db, narrowed(filter, now), floor, below)) {
    const document = documentOf(db, seq);
    tasks += 1;
    characters += document?.characters ?? 0;
    if (document !== undefined && holds(document, terms)) {
      rows.push(sound("tasks", document.row));
    }
    if (rows.length > limit || tasks === UNINDEXED.tasks || characters > UNINDEXED.characters) {
      return { rows, stopped: seq };
    }
  }
  return { rows, stopped: floor > until + 1 ? floor : undefined };
}

function unindexed(db: Database, { conditions, values }: Narrowed, floor: number, below: number): number[] {
  const sql = `SELECT events.seq
    FROM events CROSS JOIN tasks ON tasks.id = events.task AND tasks.version = events.version
    WHERE events.seq >= +? AND events.seq < +?${conditions} ORDER BY events.seq DESC LIMIT +?`;
  const query = db.query<{ seq: number }, (string | number)[]>(sql);
  return query.all(floor, below, ...values, UNINDEXED.tasks).map(({ seq }) => seq);
}

type Indexed = Search & { below: number };
type Looked = { rows: FoundRow[]; stopped: number | undefined };

/** Looks at a page's candidates; `stopped` tells where, when it has not found enough, and there may be more. */
function searchIndexed(db: Database, wanted: Indexed): Looked {
  const { terms, limit } = wanted;
  if (terms.length === 1 || wanted.below < NEAR) {
    return searchToTheEnd(db, wanted);
  }
  const rows: FoundRow[] = [];
  let { below } = wanted;
  for (const { seqs, floor } of candidateWindows(db, terms, below)) {
    if (floor === undefined) {
      const rest = searchToTheEnd(db, { ...wanted, below, limit: limit - rows.length });
      return { ...rest, rows: [...rows, ...rest.rows] };
    }
    rows.push(...presentRows(db, wanted, seqs, limit - rows.length));
    if (rows.length === limit) {
      return { rows, stopped: undefined };
    }
    below = floor;
  }
  return { rows, stopped: below };
}

/** SQLite looks for the candidates, however far: for one term, or where it cannot be far. */
function searchToTheEnd(db: Database, wanted: Indexed): Looked {
  const rows = indexedRows(db, wanted);
  return { rows, stopped: rows.length < wanted.limit ? lastCandidate(db, wanted) : undefined };
}

/** The first tasks of the documents that are of their present state: `json_each` has them in their order, which the joins keep. */
function presentRows(db: Database, { filter, now }: Indexed, seqs: readonly number[], limit: number): FoundRow[] {
  const { conditions, values } = narrowed(filter, now);
  const sql = `SELECT events.seq, tasks.* FROM json_each(+?) AS candidate
      CROSS JOIN events ON events.seq = candidate.value
      CROSS JOIN tasks ON tasks.id = events.task AND tasks.version = events.version
    WHERE TRUE${conditions} LIMIT +?`;
  return db
    .query<FoundRow, (string | number)[]>(sql)
    .all(JSON.stringify(seqs), ...values, limit)
    .map((row) => sound("tasks", row));
}

/** Tasks of the candidates of a page, where the document is of their present state. */
function indexedRows(db: Database, { terms, filter, below, limit, now }: Indexed): FoundRow[] {
  const { conditions, values } = narrowed(filter, now);
  const sql = `SELECT candidate.seq, tasks.*
    FROM (SELECT rowid AS seq FROM search WHERE search MATCH +? AND rowid < +? ORDER BY rowid DESC LIMIT +?) AS candidate
      CROSS JOIN events ON events.seq = candidate.seq
      CROSS JOIN tasks ON tasks.id = events.task AND tasks.version = events.version
    WHERE TRUE${conditions} ORDER BY candidate.seq DESC LIMIT +?`;
  return db
    .query<FoundRow, (string | number)[]>(sql)
    .all(expressionOf(terms), below, CANDIDATES, ...values, limit)
    .map((row) => sound("tasks", row));
}

/** The last candidate of a page; nothing when they are fewer than a page looks at. */
function lastCandidate(db: Database, { terms, below }: Indexed): number | undefined {
  const sql =
    "SELECT rowid AS seq FROM search WHERE search MATCH +? AND rowid < +? ORDER BY rowid DESC LIMIT 1 OFFSET +?";
  const query = db.query<{ seq: number }, [string, number, number]>(sql);
  return query.get(expressionOf(terms), below, CANDIDATES - 1)?.seq;
}

/** All that a filter decides besides its query. */
function narrowed(filter: TaskFilter, now: Instant) {
  const { conditions, values } = conditionsOf(filter, now);
  if (filter.tag !== undefined) {
    conditions.push(
      "EXISTS (SELECT 1 FROM task_tags WHERE tag = +? AND updated_at = tasks.updated_at AND task = tasks.id)",
    );
    values.push(filter.tag);
  }
  if (filter.updated_since !== undefined) {
    conditions.push("tasks.updated_at >= +?");
    values.push(filter.updated_since);
  }
  return { conditions: conditions.map((condition) => ` AND ${condition}`).join(""), values };
}

import type { Database } from "bun:sqlite";
import type { Term } from "../../domain/words.ts";

/** How many documents that have a term a page looks at. */
export const CANDIDATES = 10_000;
/** Of each term so many documents are looked up first, then so many times more: words that often meet have done so by then. */
const FIRST = 256;
const GROWTH = 5;
/** How many documents all terms of a page may have together, where there are more terms than anybody writes. */
const ALL_TERMS = 4 * CANDIDATES;

/** Documents with all terms, the newest first. */
export interface Candidates {
  seqs: readonly number[];
  /** Down to which document that holds; nothing where a term has so few left that all that have every term are soon found. */
  floor: number | undefined;
}

/**
 * Documents below one that have all of several terms, window by window until all that a page may look at was looked at. SQLite
 * looks for a document with every term as far as it must: to the end, for words of many tasks that never meet.
 */
export function* candidateWindows(db: Database, terms: readonly Term[], below: number): Generator<Candidates> {
  let from = below;
  let rarestFirst = terms;
  for (let size = FIRST, left = CANDIDATES; left > 0; left -= size, size = Math.min(left, size * GROWTH)) {
    const lists = newestOfEach(db, rarestFirst, from, size);
    if (lists === undefined) {
      yield { seqs: [], floor: undefined };
      return;
    }
    from = Math.max(...lists.map(({ oldest }) => oldest));
    yield { seqs: intersection(lists, from), floor: from };
    if (size * terms.length > ALL_TERMS) {
      return;
    }
    rarestFirst = lists.toSorted((one, other) => one.oldest - other.oldest).map(({ term }) => term);
  }
}

/** The newest documents of a term, and the last of them. */
interface Newest {
  term: Term;
  seqs: readonly number[];
  oldest: number;
}

/** So many documents of each term; nothing where one has fewer, which is known before the others are read if it comes first. */
function newestOfEach(db: Database, terms: readonly Term[], below: number, size: number): Newest[] | undefined {
  const lists: Newest[] = [];
  for (const term of terms) {
    const seqs = newest(db, term, below, size);
    const oldest = seqs.at(-1);
    if (oldest === undefined || seqs.length < size) {
      return undefined;
    }
    lists.push({ term, seqs, oldest });
  }
  return lists;
}

function newest(db: Database, term: Term, below: number, limit: number): number[] {
  const sql = "SELECT rowid AS seq FROM search WHERE search MATCH +? AND rowid < +? ORDER BY rowid DESC LIMIT +?";
  return db
    .query<{ seq: number }, [string, number, number]>(sql)
    .all(expressionOf([term]), below, limit)
    .map(({ seq }) => seq);
}

function intersection([first, ...others]: readonly Newest[], floor: number): number[] {
  const sets = others.map(({ seqs }) => new Set(seqs));
  return (first?.seqs ?? []).filter((seq) => seq >= floor && sets.every((set) => set.has(seq)));
}

/** Terms in FTS5's language; tokens have no quotes in them. */
export function expressionOf(terms: readonly Term[]): string {
  return terms.map((term) => `(${term.map((run) => `"${run}"`).join(" OR ")})`).join(" AND ");
}

import { Database, SQLiteError } from "bun:sqlite";
import { closeSync, openSync, writeSync } from "node:fs";
import { rm } from "node:fs/promises";
import { quote } from "../../domain/clean.ts";
import { OperationRefusal } from "../store.ts";
import { readHeader, VERSION_OFFSET } from "./header.ts";
import { NO_TOKENS, type PresentTokens, tokensIn, UNREADABLE } from "./restore-tokens.ts";
import { isDamage } from "./storage-error.ts";

/** A place for a database that nobody else can open meanwhile. */
export interface Seat {
  /** The tokens of what lies there, which nobody else can change any more. */
  tokens: PresentTokens;
  /** Removes what would be taken for a part of what comes; for right before it comes. */
  clear(): Promise<void>;
  /** Makes sure that who waits for the database that was here finds that it is none of theirs. */
  condemn(): void;
  release(): void;
}

/** Newer than any: a server ends on it rather than write. */
const CONDEMNED = 0x7fffffff;

/**
 * Takes hold of a place for a database. Throws `OperationRefusal` where another process has it open (always) or, without
 * `force`, where something lies there that is not an empty database of ours.
 */
export function seize(path: string, force: boolean): Seat {
  const { kind } = readHeader(path);
  if (kind === "absent") {
    return freeSeat(path, NO_TOKENS);
  }
  if (kind === "foreign" && !force) {
    throw new OperationRefusal(
      `Cannot restore to ${quote(path)}: what lies there is no database of ours; another --db is accepted, or --force`,
    );
  }
  const db = new Database(path, { readwrite: true, create: false, strict: true });
  try {
    lock(db);
    if (!force && hasTasks(db)) {
      throw new OperationRefusal(
        `Cannot restore to ${quote(path)}: there are tasks already; another --db is accepted, or --force to replace them`,
      );
    }
    return seatOf(db, path, kind === "foreign" ? UNREADABLE : tokensIn(db));
  } catch (error) {
    db.close();
    if (error instanceof SQLiteError && /^SQLITE_(BUSY|LOCKED)/.test(error.code ?? "")) {
      throw new OperationRefusal(
        `Cannot restore to ${quote(path)}: a server, or another program, has it open; it is accepted once all of them have ended`,
      );
    }
    if (isDamage(error) && force) {
      return freeSeat(path, UNREADABLE);
    }
    if (isDamage(error)) {
      throw new OperationRefusal(
        `Cannot restore to ${quote(path)}: what lies there is damaged; it is accepted with --force`,
      );
    }
    throw error;
  }
}

/**
 * Whoever began to open the database waits for our lock, and then for a file that has no name any more. SQLite does not
 * write to a file that was moved, so the mark is written past it. The file is closed last: closing it ends the lock.
 */
function seatOf(db: Database, path: string, tokens: PresentTokens): Seat {
  const file = openSync(path, "r+");
  return {
    tokens,
    clear: async () => undefined,
    condemn() {
      const version = Buffer.alloc(4);
      version.writeUInt32BE(CONDEMNED);
      writeSync(file, version, 0, version.length, VERSION_OFFSET);
    },
    release() {
      db.close();
      closeSync(file);
    },
  };
}

/** Out of WAL, which takes that nobody else has the database open, and alone with it from then on. */
function lock(db: Database): void {
  db.run("PRAGMA locking_mode = EXCLUSIVE");
  const found = db.query<{ journal_mode: string }, []>("PRAGMA journal_mode = DELETE").get();
  if (found?.journal_mode !== "delete") {
    throw new Error("the database could not be taken out of WAL");
  }
  db.run("BEGIN EXCLUSIVE");
}

function hasTasks(db: Database): boolean {
  const tables = db.query("SELECT 1 FROM sqlite_master WHERE name = 'tasks'").get();
  return tables !== null && db.query("SELECT 1 FROM tasks LIMIT 1").get() !== null;
}

/** Where nothing is, or nothing that could be locked or used; the log of what was there is of no use to what comes. */
function freeSeat(path: string, tokens: PresentTokens): Seat {
  return {
    tokens,
    async clear() {
      await rm(`${path}-wal`, { force: true });
      await rm(`${path}-shm`, { force: true });
    },
    condemn: () => undefined,
    release: () => undefined,
  };
}

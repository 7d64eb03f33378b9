import { find, headOf } from "../files.ts";
import { APPLICATION_ID, newerThanOurs, SCHEMA_VERSION } from "./schema.ts";

/** What the first page of a file tells, read without SQLite, which might write beside it. */
export type Header = { kind: "absent" | "empty" | "foreign" } | { kind: "ours"; version: number };

const MAGIC = "SQLite format 3\0";
/** https://www.sqlite.org/fileformat.html, section 1.3, and 1.6 for the cells of the schema table's page. */
const OFFSET = { user_version: 60, application_id: 68, cells: 103, end: 108 };

/** Where `PRAGMA user_version` stands in a file. */
export const VERSION_OFFSET: number = OFFSET.user_version;

/** Tells whose database lies at `path`. Throws what the file system says where it cannot be read. */
export function readHeader(path: string): Header {
  const size = find(path)?.size;
  if (size === undefined) {
    return { kind: "absent" };
  }
  if (size === 0) {
    return { kind: "empty" };
  }
  const head = headOf(path, OFFSET.end);
  if (size < head.length || new TextDecoder().decode(head.subarray(0, MAGIC.length)) !== MAGIC) {
    return { kind: "foreign" };
  }
  const page = new DataView(head.buffer);
  const version = page.getUint32(OFFSET.user_version);
  const application = page.getUint32(OFFSET.application_id);
  if (application === APPLICATION_ID) {
    return { kind: "ours", version };
  }
  const untouched = application === 0 && version === 0 && page.getUint16(OFFSET.cells) === 0;
  // Tables may still stand in the log alone; ours are marked in the file itself before they have a log.
  const logged = find(`${path}-wal`)?.size ?? 0;
  return { kind: untouched && logged === 0 ? "empty" : "foreign" };
}

/** Why the file may not be opened, if so. */
export function refusalOf(header: Header): string | undefined {
  if (header.kind === "foreign") {
    return "it is not a database of mcp-task-server";
  }
  return header.kind === "ours" && header.version > SCHEMA_VERSION ? newerThanOurs(header.version) : undefined;
}

/** What must stand in the header of every database of ours, a server's or a backup's: values by offset, zeros by range. */
const FIXED: Readonly<Record<number, number>> = { 20: 0, 21: 64, 22: 32, 23: 32, 59: 1 };
const ZERO: readonly (readonly [number, number])[] = [
  [52, 59],
  [64, 68],
  [72, 92],
];

/** What of the header no SQLite of ours would write, though some of it does not keep it from reading the file. */
export function headerFlaws(path: string): string[] {
  const page = headOf(path, 100);
  const [write, read] = [page[18], page[19]];
  const sound =
    write === read &&
    (write === 1 || write === 2) &&
    Object.entries(FIXED).every(([offset, value]) => page[Number(offset)] === value) &&
    ZERO.every(([start, end]) => page.subarray(start, end).every((byte) => byte === 0));
  return sound ? [] : ["the header of the database is not as it was written"];
}

import { closeSync, openSync, readSync, statSync } from "node:fs";
import { APPLICATION_ID, newerThanOurs, SCHEMA_VERSION } from "./migrate.ts";

/** What the first page of a file tells, read without SQLite, which might write beside it. */
export type Header = { kind: "absent" | "empty" | "foreign" } | { kind: "ours"; version: number };

const MAGIC = "SQLite format 3\0";
/** https://www.sqlite.org/fileformat.html, section 1.3, and 1.6 for the cells of the schema table's page. */
const OFFSET = { user_version: 60, application_id: 68, cells: 103, end: 108 };

/** Tells whose database lies at `path`. Throws what the file system says where it cannot be read. */
export function readHeader(path: string): Header {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) {
    return { kind: "absent" };
  }
  if (size === 0) {
    return { kind: "empty" };
  }
  const page = Buffer.alloc(OFFSET.end);
  const file = openSync(path, "r");
  try {
    readSync(file, page, 0, page.length, 0);
  } finally {
    closeSync(file);
  }
  if (size < page.length || page.toString("latin1", 0, MAGIC.length) !== MAGIC) {
    return { kind: "foreign" };
  }
  const version = page.readUInt32BE(OFFSET.user_version);
  const application = page.readUInt32BE(OFFSET.application_id);
  if (application === APPLICATION_ID) {
    return { kind: "ours", version };
  }
  const untouched = application === 0 && version === 0 && page.readUInt16BE(OFFSET.cells) === 0;
  // Tables may still stand in the log alone; ours are marked in the file itself before they have a log.
  const logged = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  return { kind: untouched && logged === 0 ? "empty" : "foreign" };
}

/** Why the file may not be opened, if so. */
export function refusalOf(header: Header): string | undefined {
  if (header.kind === "foreign") {
    return "it is not a database of mcp-task-server";
  }
  return header.kind === "ours" && header.version > SCHEMA_VERSION ? newerThanOurs(header.version) : undefined;
}

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
  if (page.toString("latin1", 0, MAGIC.length) !== MAGIC) {
    return { kind: "foreign" };
  }
  if (page.readUInt32BE(OFFSET.application_id) === APPLICATION_ID) {
    return { kind: "ours", version: page.readUInt32BE(OFFSET.user_version) };
  }
  const tables = page.readUInt16BE(OFFSET.cells);
  return { kind: page.readUInt32BE(OFFSET.application_id) === 0 && tables === 0 ? "empty" : "foreign" };
}

/** Why the file may not be opened, if so. */
export function refusalOf(header: Header): string | undefined {
  if (header.kind === "foreign") {
    return "it is not a database of mcp-task-server";
  }
  return header.kind === "ours" && header.version > SCHEMA_VERSION ? newerThanOurs(header.version) : undefined;
}

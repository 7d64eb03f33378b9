// The server from its source, with one pragma changed: what power cuts would do to it if it synced less. No product has it.
import { Database } from "bun:sqlite";

const run = Database.prototype.run;
Database.prototype.run = function (sql, ...bindings) {
  return run.call(this, sql.replace("PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL"), ...bindings);
};
await import("../../src/main.ts");

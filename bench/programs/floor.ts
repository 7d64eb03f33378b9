// The floor of every start: a compiled Bun program that opens a database, reads a line and answers it.
import { Database } from "bun:sqlite";

const db = new Database(Bun.argv[2], { create: true });
db.run("PRAGMA journal_mode = WAL");
db.run("PRAGMA synchronous = FULL");
const found = db.query("SELECT count(*) AS tables FROM sqlite_master").get();
const reader = Bun.stdin.stream().getReader();
const { value } = await reader.read();
const { id } = JSON.parse(new TextDecoder().decode(value));
const sink = Bun.stdout.writer();
sink.write(`${JSON.stringify({ jsonrpc: "2.0", id, result: found })}\n`);
await sink.flush();
await reader.read();
db.close();
process.exit(0);

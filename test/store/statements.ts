import { Database } from "bun:sqlite";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Every statement that is prepared or run on any database while `body` runs. */
export async function statementsOf(body: () => Promise<void>): Promise<string[]> {
  const seen = new Set<string>();
  const { query, prepare, run } = Database.prototype;
  const noting = (original: (...args: never[]) => unknown) =>
    function (this: Database, ...args: [string, ...unknown[]]) {
      seen.add(oneLine(args[0]));
      return Reflect.apply(original, this, args);
    };
  Object.assign(Database.prototype, { query: noting(query), prepare: noting(prepare), run: noting(run) });
  try {
    await body();
  } finally {
    Object.assign(Database.prototype, { query, prepare, run });
  }
  return [...seen].filter((sql) => /^(SELECT|INSERT|UPDATE|DELETE|WITH|REPLACE)\b/.test(sql));
}

/** How SQLite would run a statement. */
export function planIn(path: string, sql: string): string[] {
  const db = new Database(path);
  const plan = db.query<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${sql}`).all();
  db.close();
  return plan.map(({ detail }) => detail);
}

/** An object that does what `target` does and tells which of its functions were called, those of its members too. */
export function telling<Target extends object>(target: Target, called: Set<string>, prefix = ""): Target {
  return new Proxy(target, {
    get(object, name) {
      const value = Reflect.get(object, name);
      if (typeof value === "function") {
        called.add(`${prefix}${String(name)}`);
      }
      return typeof value === "object" && value !== null ? telling(value, called, `${String(name)}.`) : value;
    },
  });
}

/** The names of all functions of an object and of its members. */
export function functionsOf(object: object, prefix = ""): string[] {
  return Object.entries(object).flatMap(([name, value]) =>
    typeof value === "function" ? [`${prefix}${name}`] : functionsOf(value, `${name}.`),
  );
}

/** A statement as it stands in the source: its text, and what it may become where something is put into it. */
export interface WrittenStatement {
  file: string;
  text: string;
  becomes: RegExp;
}

/** The statements in a file of src/store/sqlite and in those of that folder that it imports, and so on. */
export function writtenStatements(entry: string): WrittenStatement[] {
  const files = new Set([entry]);
  for (const file of files) {
    for (const [, imported] of readFileSync(file, "utf8").matchAll(/from "(\.\/[^"]+\.ts)"/g)) {
      files.add(join(dirname(file), imported ?? ""));
    }
  }
  return [...files].flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/(["`])((?:SELECT|INSERT|UPDATE|DELETE|WITH|REPLACE)\b[^"`]*)\1/g)].map(
      ([, , text = ""]) => ({ file, text: oneLine(text), becomes: becomes(oneLine(text)) }),
    ),
  );
}

function becomes(text: string): RegExp {
  const parts = text.split(/\$\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}`);
}

function oneLine(sql: string): string {
  return sql.replace(/\s+/g, " ").trim();
}

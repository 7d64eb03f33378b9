import { Database } from "bun:sqlite";

/** The plans of the statements that `query` runs. */
export function planOf(path: string, query: (db: Database) => unknown): string[] {
  const db = new Database(path);
  const plan: string[] = [];
  const spy = Object.create(db);
  spy.query = (sql: string) => {
    const explain = db.query<{ detail: string }, (string | number)[]>(`EXPLAIN QUERY PLAN ${sql}`);
    const note = (values: (string | number)[]) => {
      plan.push(...explain.all(...values).map(({ detail }) => detail));
    };
    return {
      all(...values: (string | number)[]) {
        note(values);
        return [];
      },
      get(...values: (string | number)[]) {
        note(values);
        return null;
      },
    };
  };
  // As if one were open already: none is begun.
  Object.defineProperty(spy, "inTransaction", { value: true });
  query(spy);
  db.close();
  return plan;
}

import { Database } from "bun:sqlite";
import { join } from "node:path";
import { indexSome } from "../../src/store/sqlite/search-index.ts";
import { fillWithTasks } from "../../test/support/many-tasks.ts";
import { callOf, type Message } from "../support/messages.ts";
import { interleave, quantile, ratios, summary } from "../support/statistics.ts";
import { resultOf, type StdioServer, startStdio } from "../support/stdio.ts";
import type { Group, Workshop } from "../support/workshop.ts";

const FEW = 1000;
/** So far apart that a read does not find what the one before had in its cache. */
const STRIDE = 7919;

/** Reads among many tasks, against the same among few, through stdio. */
export const scale: Group = async (workshop) => {
  const { tasks, calls, rounds } = workshop.plan;
  const few = await filled(workshop, FEW);
  const many = await filled(workshop, tasks);
  workshop.tell("scale: on the way to the middle");
  const [fewMiddle, manyMiddle] = [await middle(few, FEW), await middle(many, tasks)];
  const each = Math.ceil(calls / 10);
  const page = (cursor?: string): Message => ({ status: "open", limit: 50, ...(cursor && { cursor }) });
  let n = 0;
  const id = (of: number) => ({ task_id: `t${(++n * STRIDE) % of}` });
  const taken = await interleave(
    rounds,
    {
      fewList: () => timeOf(few, each, () => ["list_tasks", page()]),
      manyList: () => timeOf(many, each, () => ["list_tasks", page()]),
      fewPage: () => timeOf(few, each, () => ["list_tasks", page(fewMiddle)]),
      manyPage: () => timeOf(many, each, () => ["list_tasks", page(manyMiddle)]),
      fewGet: () => timeOf(few, each, () => ["get_task", id(FEW)]),
      manyGet: () => timeOf(many, each, () => ["get_task", id(tasks)]),
      search: () => timeOf(many, each, () => ["list_tasks", { query: `w${(++n * STRIDE) % 5000}`, limit: 20 }]),
    },
    (done, of) => workshop.tell(`scale: ${done} of ${of}`),
  );
  await Promise.all([few.end(), many.end()]);
  const size = `${tasks.toLocaleString("en")} tasks`;
  const row = (a: readonly number[], b: readonly number[]) => ({
    ...summary(ratios(a, b)),
    note: `${size}: ${quantile(a, 0.5).toFixed(2)} ms against ${quantile(b, 0.5).toFixed(2)} ms`,
  });
  return [
    { id: "scale.list", ...row(taken.manyList, taken.fewList) },
    { id: "scale.cursor", ...row(taken.manyPage, taken.fewPage) },
    { id: "scale.get", ...row(taken.manyGet, taken.fewGet) },
    { id: "scale.search", ...summary(taken.search), note: size },
  ];
};

/** A server on so many tasks, all of them in its text index. */
async function filled({ executable, folder, tell }: Workshop, count: number): Promise<StdioServer> {
  tell(`scale: making ${count.toLocaleString("en")} tasks`);
  const database = join(folder(), "tasks.db");
  await fillWithTasks(database, count);
  tell(`scale: indexing ${count.toLocaleString("en")} tasks`);
  const db = new Database(database, { strict: true });
  while (indexSome(db) === "more") {
    // One transaction after the other; nobody else waits for them.
  }
  db.close();
  return startStdio([executable, "--db", database]);
}

/** A cursor half way through all tasks. */
async function middle(server: StdioServer, tasks: number): Promise<string> {
  let cursor: unknown;
  for (let seen = 0; seen < tasks / 2; seen += 200) {
    const args = { status: "open", limit: 200, ...(cursor !== undefined && { cursor }) };
    cursor = resultOf(await server.request(callOf("stateless", "list_tasks", args)))["next_cursor"];
  }
  return String(cursor);
}

/** The median time of a call, in milliseconds. */
async function timeOf(server: StdioServer, calls: number, next: () => [tool: string, args: Message]): Promise<number> {
  const times: number[] = [];
  for (let call = 0; call < calls; call++) {
    const message = callOf("stateless", ...next());
    const started = performance.now();
    resultOf(await server.request(message));
    times.push(performance.now() - started);
  }
  return quantile(times, 0.5);
}

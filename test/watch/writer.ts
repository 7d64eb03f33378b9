// Another process on the same database: creates a task, then changes it. `bun writer.ts <database> <task_id> <changes>`
import { createClock } from "../../src/clock.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import { create, update } from "../store/commands.ts";

const [path = "", task_id = "", changes = "1"] = Bun.argv.slice(2);
const store = await openStore(path, { now: createClock(), onOutdated: () => undefined });
await create(store, { task_id });
for (let n = 1; n < Number(changes); n++) {
  await update(store, task_id, { title: `Title ${n}` });
}
await store.close();

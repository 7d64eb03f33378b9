// Another process on the same database: saves checkpoints, each under the key of its number, and prints the answers.
// `bun keyed-writer.ts <database> <task_id> <checkpoints>`
import { createClock } from "../../src/clock.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import { checkpoint } from "./commands.ts";
import { under } from "./contract-keys.ts";

const [path = "", task_id = "", checkpoints = "1"] = Bun.argv.slice(2);
const store = await openStore(path, { now: createClock(), onOutdated: () => undefined });
const answers: unknown[] = [];
for (let n = 0; n < Number(checkpoints); n++) {
  answers.push(await checkpoint(under(store, { key: `${n}` }), task_id, [`step ${n}`]));
}
await store.close();
await Bun.write(Bun.stdout, JSON.stringify(answers));

// Listens to changes of a database and has nothing else to do. `bun listener.ts <database>`
import { createClock } from "../../src/clock.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import { createWatch } from "../../src/watch/watch.ts";
import { create } from "../store/commands.ts";

const [path = ""] = Bun.argv.slice(2);
const store = await openStore(path, { now: createClock(), onOutdated: () => undefined });
const told = new Promise((resolve) => {
  createWatch(store, path).on(resolve);
});
await create(store, { task_id: "t" });
// Holds the process until the watch runs; from then on nothing but the watch could.
const hold = setInterval(() => undefined, 1000);
await told;
clearInterval(hold);

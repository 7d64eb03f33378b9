// One of several processes that work on the same tasks as fast as they can, by the tools the server has, and record what
// they do. `bun worker.ts <orders as JSON>`: says "ready", begins when its input ends, says "half" half way.
import { writeSync } from "node:fs";
import { LEASE_SECONDS, OFFER_SECONDS } from "../../src/domain/bounds.ts";
import { TaskError } from "../../src/domain/errors.ts";
import type { Instant } from "../../src/domain/instant.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import type { Store } from "../../src/store/store.ts";
import { TOOLS } from "../../src/tools/table.ts";
import type { ToolContext } from "../../src/tools/tool.ts";
import { callFor, refusalOf, stepsOf } from "./calls.ts";
import { careless } from "./careless-store.ts";
import { createSharedClock } from "./clock.ts";
import { type Choice, createDice } from "./dice.ts";
import { createRecorder } from "./history.ts";
import type { Orders } from "./orders.ts";
import type { Action, Step } from "./task-model.ts";

const orders: Orders = JSON.parse(Bun.argv[2] ?? "{}");
const agent = `agent-${orders.me}`;
const tools = new Map(TOOLS.map((tool) => [tool.name, tool]));
const recorder = createRecorder(orders.history);
const store = await openStore(orders.database, { now, onOutdated: () => undefined });
const context = contextOn(orders.careless === true ? careless(store, now) : store);
const clock = createSharedClock(orders.epoch);
const dice = createDice(agent, orders);
let done = 0;

writeSync(1, "ready\n");
await Bun.stdin.text();
const until = performance.now() + 1000 * (orders.seconds ?? 0);
for (const { task, action } of choices()) {
  await act(task, action);
}
recorder.close();
await store.close();

/** Time, on a clock that runs `speed` times as fast, so that leases run out while the test runs. */
function now(): Instant {
  const elapsed = (Date.now() - orders.epoch) * (orders.speed ?? 1);
  return { wall: orders.epoch + elapsed, uptime: elapsed / 1000, boot_id: "the boot of this test" };
}

function contextOn(underlying: Store): ToolContext {
  let tokens = 0;
  const lease_seconds = orders.speed === undefined ? LEASE_SECONDS.most : LEASE_SECONDS.least;
  const nothing = () => Promise.reject(new Error("no artifact and no waiting is part of this"));
  return {
    store: underlying,
    artifacts: { keep: nothing, read: nothing, probe: nothing },
    caller: {},
    id: () => crypto.randomUUID(),
    waiters: { wait: nothing },
    signal: () => new AbortController().signal,
    linger: () => undefined,
    grant: () => ({ token: `${agent}/${++tokens}`, lease_seconds, offer_seconds: OFFER_SECONDS.most }),
  };
}

function* choices(): Generator<Choice> {
  if (orders.lane === "mixed") {
    let half = false;
    while (done < orders.operations || performance.now() < until) {
      if (!half && 2 * done >= orders.operations && performance.now() >= until - 500 * (orders.seconds ?? 0)) {
        half = true;
        writeSync(1, "half\n");
      }
      yield dice.next();
    }
    return;
  }
  for (let n = 0; n < orders.operations; n++) {
    yield { task: orders.lane === "race" ? `task-${n}` : undefined, action: { kind: "claim", agent } };
  }
}

async function act(task: string | undefined, action: Action): Promise<void> {
  const call =
    task === undefined
      ? { name: "claim_task", arguments: { agent, repo_path: "*" } }
      : callFor(task, action, `${agent} ${done}`);
  const start = clock.earliest();
  const id = action.kind === "read" ? 0 : recorder.begun(task, action, start);
  const answer = await tools
    .get(call.name)
    ?.call(context, call.arguments)
    .catch((error: unknown) => error);
  const end = clock.latest();
  done++;
  if (answer instanceof TaskError) {
    // Nothing was done where the store was busy.
    const refused = answer.code === "busy" ? [] : [refusalOf(action, answer)];
    hear(task, refused);
    recorder.ended(id, task, refused, end);
    return;
  }
  if (answer instanceof Error) {
    throw answer;
  }
  const told = Object(answer);
  const steps = stepsOf(action, told);
  const [step] = steps;
  if (action.kind === "read" && task !== undefined && step !== undefined) {
    recorder.looked(task, step, start, end);
    return;
  }
  hear(task, steps);
  recorder.ended(id, task ?? told.task?.task_id, steps, end);
}

function hear(task: string | undefined, [step]: readonly Step[]): void {
  if (task !== undefined && step !== undefined) {
    dice.heard(task, step);
  }
}

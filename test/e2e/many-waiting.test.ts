import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { freshStore, startHttp } from "../support/server.ts";
import { beginInSession, beginStateless, callOn, create, creation, onStdio } from "../support/waiting.ts";

/** Of each era. */
const CLIENTS = 250;
const IDLE_MS = 1000;

/** The time a process has had a core for, in milliseconds; Linux tells, in ticks of 10 ms. */
function cpuMs(pid: number): number {
  const [, fields = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
  const [user = 0, system = 0] = fields.split(" ").slice(11, 13).map(Number);
  return 10 * (user + system);
}

test("500 clients that wait over HTTP each get one of 500 tasks that another process creates", async () => {
  const store = freshStore();
  const [{ url, process: server }, creator] = [await startHttp(store), await onStdio(store)];
  const begun = await Promise.all(
    Array.from({ length: CLIENTS }, async (_, n) => [
      await beginStateless(url, `stateless-${n}`),
      await beginInSession(url, `session-${n}`),
    ]),
  );
  const waits = begun.flat();
  if (process.platform === "linux") {
    const before = cpuMs(server.pid);
    await Bun.sleep(IDLE_MS);
    console.error(
      `${waits.length} calls wait: ${((100 * (cpuMs(server.pid) - before)) / IDLE_MS).toFixed(1)} % of a core`,
    );
  }
  await create(creator, "none-is-for-two");
  const ids = Array.from({ length: waits.length - 1 }, (_, n) => `t-${n}`);
  await Promise.all(ids.map((task_id) => callOn(creator, "create_task", creation(task_id))));
  const answers = await Promise.all(waits.map(({ answer }) => answer()));
  const taken = answers.map(({ task }) => Object(task).task_id);
  expect(taken.toSorted()).toEqual([...ids, "none-is-for-two"].toSorted());
  expect(new Set(answers.map(({ task }) => Object(task).current_owner)).size).toBe(waits.length);
  server.kill("SIGTERM");
  expect(await server.exited).toBe(0);
});

test("500 clients that wait over HTTP when the server is told to end are all answered, and it ends with 0", async () => {
  const { url, process: server } = await startHttp(freshStore());
  const begun = await Promise.all(
    Array.from({ length: CLIENTS }, async (_, n) => [
      await beginStateless(url, `stateless-${n}`),
      await beginInSession(url, `session-${n}`),
    ]),
  );
  const answers = Promise.all(begun.flat().map(({ answer }) => answer()));
  server.kill("SIGTERM");
  expect(new Set((await answers).map(({ message }) => typeof message))).toEqual(new Set(["string"]));
  expect(await server.exited).toBe(0);
});

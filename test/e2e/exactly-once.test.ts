import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { httpLane, type Lane, startMortal, stdioLane } from "../support/lanes.ts";
import { freshStore } from "../support/server.ts";

type Message = Record<string, unknown>;

/** In CI, a multiple of 40; the long setting is `EXACTLY_ONCE_WRITES=10000 bun test --timeout 3600000 test/e2e/exactly-once.test.ts`. */
const WRITES = Number(Bun.env["EXACTLY_ONCE_WRITES"] ?? 400);
const CLIENTS = { http: 6, stdio: 2 };
/** The HTTP server is killed each time so many writes have been acknowledged. */
const WRITES_A_LIFE = 80;

/** The n-th write of a client: each changes something, and every round the task goes to its other agent and later back. */
function writeOf(client: number, n: number): { name: string; arguments: Message; _meta: Message } {
  const task_id = `client-${client}`;
  const [agent, to_agent] = Math.floor(n / 5) % 2 === 0 ? ["a", "b"] : ["b", "a"];
  const calls: readonly [string, Message][] = [
    ["create_task", { title: `${task_id}: ${n}`, goal: "", agent }],
    ["save_checkpoint", { task_id, agent, completed_steps: [`step ${n}`] }],
    ["attach_artifact", { task_id, agent, name: `log ${n}`, content: "the same bytes" }],
    ["update_task", { task_id, agent, title: `Title ${n}` }],
    ["handoff_task", { task_id, from_agent: agent, to_agent, reason: "limit" }],
  ];
  const [name = "", args = {}] = calls[n % 5] ?? [];
  return { name, arguments: args, _meta: { "mcp-task-server/idempotencyKey": `${client}-${n}` } };
}

/** Makes writes in their order, each sent one to four times, some of them again long after they were acknowledged. */
async function write(lane: Lane, client: number, count: number, acknowledged: () => void) {
  const answers = new Map<string, unknown>();
  const late: (() => Promise<void>)[] = [];
  const tally = { sent: 0, lost: 0 };

  /** Sends until it is answered, and compares with what was answered before. */
  async function settle(params: ReturnType<typeof writeOf>): Promise<void> {
    let answer: Message | undefined;
    while (answer === undefined) {
      tally.sent++;
      answer = await lane.send(params);
      tally.lost += answer === undefined ? 1 : 0;
    }
    const { isError, structuredContent } = Object(answer["result"]);
    if (isError !== undefined || structuredContent === undefined) {
      throw new Error(`${JSON.stringify(params)} was answered ${JSON.stringify(answer)}`);
    }
    const key = JSON.stringify(params._meta);
    expect(structuredContent).toEqual(answers.get(key) ?? structuredContent);
    answers.set(key, structuredContent);
  }

  for (let n = 0; n < count; n++) {
    const params = writeOf(client, n);
    let together = 1;
    for (let more = Math.floor(4 * Math.random()); more > 0; more--) {
      const fate = Math.random();
      if (fate < 0.4) {
        tally.sent++;
        tally.lost++;
        await lane.lose(params);
      } else if (fate < 0.7) {
        late.push(() => settle(params));
      } else {
        together++;
      }
    }
    await Promise.all(Array.from({ length: together }, () => settle(params)));
    acknowledged();
    if (late.length > 5 || n === count - 1) {
      for (const again of late.splice(0, n === count - 1 ? late.length : 2)) {
        await again();
      }
    }
  }
  return tally;
}

test("writes that are sent one to four times over lost connections and kills have the effect of one each", async () => {
  const flags = freshStore();
  const server = startMortal(flags);
  const lanes = [
    ...Array.from({ length: CLIENTS.http }, () => httpLane(server)),
    ...Array.from({ length: CLIENTS.stdio }, () => stdioLane(flags)),
  ];
  for (const client of lanes.keys()) {
    const created = { task_id: `client-${client}`, title: "Title", goal: "" };
    expect(await lanes[0]?.send({ name: "create_task", arguments: created })).toMatchObject({ result: {} });
  }
  let acknowledged = 0;
  let kills = 0;
  const share = WRITES / lanes.length;
  const tallies = await Promise.all(
    lanes.map((lane, client) =>
      write(lane, client, share, () => {
        if (++acknowledged % WRITES_A_LIFE === 0) {
          kills++;
          void server.kill();
        }
      }),
    ),
  );
  await Promise.all([server.end(), ...lanes.map((lane) => lane.close())]);
  const [sent, lost] = [
    tallies.reduce((sum, one) => sum + one.sent, 0),
    tallies.reduce((sum, one) => sum + one.lost, 0),
  ];
  console.error(`${acknowledged} writes, sent ${sent} times, ${lost} answers lost, ${kills} kills of the HTTP server`);

  const db = new Database(flags[1] ?? "");
  const count = (sql: string) => Object.values(Object(db.query(`SELECT count(*) FROM ${sql}`).get()))[0];
  const each = WRITES / 5;
  expect({ acknowledged, events: count("events"), keys: count("idempotency") }).toEqual({
    acknowledged: WRITES,
    events: WRITES + lanes.length,
    keys: WRITES,
  });
  expect({
    tasks: count("tasks"),
    titles: count("(SELECT DISTINCT title FROM tasks WHERE title LIKE 'client%')"),
    checkpoints: count("checkpoints"),
    steps: count("(SELECT DISTINCT task, completed_steps FROM checkpoints)"),
    artifacts: count("(SELECT DISTINCT task, name FROM artifacts)"),
    edits: count("events WHERE command = 'update_task'"),
    offers: count("events WHERE command = 'handoff_task'"),
  }).toEqual({
    tasks: each + lanes.length,
    titles: each,
    checkpoints: each,
    steps: each,
    artifacts: each,
    edits: each,
    offers: each,
  });
  expect(db.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  db.close();
}, 3_600_000);

import { expect, test } from "bun:test";
import { type Message, openEventClient, openSession, toolCall } from "../support/raw-http.ts";
import { freshStore, startHttp } from "../support/server.ts";

const CLIENTS = 20;
/** Of each client: one half creates tasks, the other reads them. */
const CALLS = 50;

const { url } = await startHttp(freshStore());

/** Sends messages of different ids all at once, and answers the answers by id. */
type SendAll = (messages: readonly Message[]) => Promise<ReadonlyMap<unknown, unknown>>;

const byId = (answers: readonly unknown[]) => new Map(answers.map((answer) => [Object(answer).id, answer]));

/** The ways to be a client among many. */
const WAYS: readonly { way: string; open(): Promise<SendAll> }[] = [
  {
    way: "sessions of /mcp",
    async open() {
      const session = await openSession(url);
      return async (messages) => byId(await Promise.all(messages.map(session.request)));
    },
  },
  {
    way: "streams of /sse",
    async open() {
      const client = await openEventClient(url);
      return async (messages) => {
        expect(await Promise.all(messages.map(client.post))).toEqual(messages.map(() => 202));
        const answers: unknown[] = [];
        while (answers.length < messages.length) {
          answers.push(await client.next());
        }
        return byId(answers);
      };
    },
  },
];

test.each(WAYS)("$way do not mix their answers, whatever ids they share", async ({ way, open }) => {
  const numbers = Array.from({ length: CALLS / 2 }, (_, number) => number);
  const one = async (_: unknown, client: number) => {
    const sendAll = await open();
    const title = (number: number) => `Task ${number} of client ${client} of ${way}`;
    const task_id = (number: number) => `${way.at(-1)}-${client}-${number}`;
    const created = await sendAll(
      numbers.map((id) => toolCall(id, "create_task", { task_id: task_id(id), title: title(id), goal: "Goal" })),
    );
    const read = await sendAll(numbers.map((id) => toolCall(id, "get_task", { task_id: task_id(id) })));
    for (const id of numbers) {
      const mine = { task_id: task_id(id) };
      expect(created.get(id)).toMatchObject({ id, result: { structuredContent: { ...mine, created: true } } });
      expect(read.get(id)).toMatchObject({ id, result: { structuredContent: { ...mine, title: title(id) } } });
    }
    return created.size + read.size;
  };
  const answered = await Promise.all(Array.from({ length: CLIENTS }, one));
  expect(answered).toEqual(answered.map(() => CALLS));
});

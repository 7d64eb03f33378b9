import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { playHandoff } from "../../scripts/clients/handoff.ts";
import { connectV1, connectV2, type Mode, type SdkClient, type Way } from "../../scripts/clients/sdk.ts";
import { EXECUTABLE, freshStore, startHttp } from "../support/server.ts";

/** Every server of this file is on one database, so that one process hears what another one changes. */
const store = freshStore();
const TASKS = Array.from({ length: 205 }, (_, number) => `listed-${String(number).padStart(3, "0")}`);
const { url } = await startHttp(store);
const place = { command: [EXECUTABLE, ...store], url };

interface Make {
  name: string;
  /** The revision it should end up with. */
  revision: string;
  /** The code it tells a missing resource by: v2 turns what comes as -32002 into -32602. */
  notFound: number;
  connect(): Promise<SdkClient>;
}

const WAYS = ["stdio", "http", "sse"] as const;
const v2 = (mode: Mode, way: Way, revision: string): Make => ({
  name: `SDK v2, ${typeof mode === "string" ? mode : `pinned ${mode.pin}`}, over ${way}`,
  revision,
  notFound: -32602,
  connect: () => connectV2(place, way, mode),
});
const makes: readonly Make[] = [
  ...WAYS.map((way) => ({
    name: `SDK v1 over ${way}`,
    revision: "2025-11-25",
    notFound: -32002,
    connect: () => connectV1(place, way),
  })),
  ...WAYS.map((way) => v2("legacy", way, "2025-11-25")),
  ...WAYS.map((way) => v2("auto", way, way === "sse" ? "2025-11-25" : "2026-07-28")),
  v2({ pin: "2026-07-28" }, "stdio", "2026-07-28"),
  v2({ pin: "2026-07-28" }, "http", "2026-07-28"),
];

let other: SdkClient;

beforeAll(async () => {
  // Another process than any client here talks to.
  other = await connectV1(place, "stdio");
  await Promise.all(TASKS.map((task_id) => other.call("create_task", { task_id, title: task_id, goal: "Be listed" })));
});

afterAll(() => other.close());

test("SDK v2, pinned to 2026-07-28, over sse is refused: the event stream is of 2024-11-05", async () => {
  await expect(connectV2(place, "sse", { pin: "2026-07-28" })).rejects.toThrow("did not offer pinned protocol version");
});

describe.each(makes)("$name", ({ name, revision, notFound, connect }) => {
  const id = name.replace(/[^\w]+/g, "-");
  const clients: SdkClient[] = [];
  const opened = async () => {
    const client = await connect();
    clients.push(client);
    return client;
  };
  let client: SdkClient;
  beforeAll(async () => {
    client = await opened();
  });
  afterAll(() => Promise.all(clients.map((each) => each.close())));

  test(`speaks ${revision}`, () => {
    expect(client.revision()).toBe(revision);
  });

  test("plays a handoff between two clients", async () => {
    await playHandoff(client, await opened(), `handoff-${id}`);
  });

  test("lists every task once, page after page", async () => {
    const uris = await client.resources();
    expect(new Set(uris).size).toBe(uris.length);
    expect(uris).toEqual(expect.arrayContaining(TASKS.map((task_id) => `task://${task_id}`)));
  });

  test("gets a prompt with the task attached, and completes a task id", async () => {
    const messages = await client.prompt("resume_task", { task_id: "listed-007" });
    expect(JSON.stringify(messages)).toContain("task://listed-007");
    expect(await client.complete("resume_task", "task_id", "listed-00")).toEqual(TASKS.slice(0, 10));
  });

  test("learns by their codes which tool, resource and argument there is not", async () => {
    await expect(client.call("no_such_tool", {})).rejects.toMatchObject({ code: -32602 });
    await expect(client.read("task://no-such-task")).rejects.toMatchObject({ code: notFound });
    const { refused, data } = await client.call("create_task", { nonsense: 1 });
    expect({ refused, code: data["code"] }).toEqual({ refused: true, code: "invalid" });
  });

  test("cancels a call, is not answered, and goes on", async () => {
    const cancel = new AbortController();
    const holder = new Database(store[1]);
    holder.run("PRAGMA busy_timeout = 5000");
    holder.run("BEGIN IMMEDIATE");
    const call = client.call("create_task", { task_id: `late-${id}`, title: "Late", goal: "None" }, cancel.signal);
    await client.taken(`late-${id}`);
    cancel.abort("changed my mind");
    await expect(call).rejects.toThrow();
    await client.taken("notifications/cancelled");
    holder.run("ROLLBACK");
    holder.close();
    const { data } = await client.call("create_task", { task_id: `next-${id}`, title: "Next", goal: "Go on" });
    expect(data).toMatchObject({ status: "open" });
    await client.ping?.();
    expect(client.complaints).toEqual([]);
  });

  test("hears what another process changes: the task it follows, and that there is a new one", async () => {
    const task_id = `followed-${id}`;
    const follower = await opened();
    await follower.subscribe(`task://${task_id}`);
    await other.call("create_task", { task_id, title: "Follow me", goal: "Be heard" });
    await follower.heard("list_changed");
    await follower.heard(`updated task://${task_id}`);
  });
});

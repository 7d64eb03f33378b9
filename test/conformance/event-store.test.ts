import { describe, expect, test } from "bun:test";
import { createEventStores, type SessionEvents } from "../../src/transport/event-store.ts";

const MEBIBYTE = 1024 * 1024;

const notice = (data: unknown) => ({ jsonrpc: "2.0" as const, method: "notifications/message", params: { data } });

/** The data of every message kept after the event. */
async function replay(events: SessionEvents, from: string): Promise<unknown[]> {
  const replayed: unknown[] = [];
  await events.replayEventsAfter(from, {
    send: async (_id, message) => void replayed.push("params" in message ? message.params?.["data"] : message),
  });
  return replayed;
}

describe("the events of a session", () => {
  test("are replayed in their order, those of one stream alone", async () => {
    const events = createEventStores().open();
    const first = await events.storeEvent("one", notice(1));
    await events.storeEvent("two", notice(2));
    const third = await events.storeEvent("one", notice(3));
    await events.storeEvent("one", notice(4));
    expect(await replay(events, first)).toEqual([3, 4]);
    expect(await replay(events, third)).toEqual([4]);
  });

  test("are 256 at most: the oldest are forgotten", async () => {
    const events = createEventStores().open();
    const first = await events.storeEvent("stream", notice(0));
    for (let number = 1; number <= 300; number++) {
      await events.storeEvent("stream", notice(number));
    }
    const kept = await replay(events, first);
    expect(kept.length).toBe(256);
    expect([kept[0], kept.at(-1)]).toEqual([45, 300]);
  });

  test("come to 4 MiB at most", async () => {
    const events = createEventStores().open();
    const first = await events.storeEvent("stream", notice("first"));
    for (let number = 0; number < 8; number++) {
      await events.storeEvent("stream", notice("x".repeat(MEBIBYTE / 2)));
    }
    expect((await replay(events, first)).length).toBe(3);
    await events.storeEvent("stream", notice("x".repeat(3 * MEBIBYTE)));
    expect(await replay(events, first)).toEqual([]);
    expect(await events.getStreamIdForEventId?.(first)).toBeUndefined();
  });

  test("come to 64 MiB at most with those of all others", async () => {
    const stores = createEventStores();
    const sessions = Array.from({ length: 24 }, () => stores.open());
    const before = await Promise.all(sessions.map((events) => events.storeEvent("stream", notice("before"))));
    for (const events of sessions) {
      await events.storeEvent("stream", notice("x".repeat(2 * MEBIBYTE - 1024)));
    }
    const kept = await Promise.all(sessions.map((events, index) => replay(events, before[index] ?? "")));
    expect(kept.map(({ length }) => length)).toEqual([...Array(8).fill(0), ...Array(16).fill(1)]);
  });

  test("are forgotten with the session, and make room for others'", async () => {
    const events = createEventStores().open();
    const first = await events.storeEvent("stream", notice(1));
    await events.storeEvent("stream", notice(2));
    events.close();
    await events.storeEvent("stream", notice(3));
    expect(await replay(events, first)).toEqual([]);
  });
});

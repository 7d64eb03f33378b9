import { describe, expect, test } from "bun:test";
import { openSession, request, type Session, toolCall } from "../support/raw-http.ts";
import { startFixture } from "./suite.ts";

// The product has no tool that takes its time, so the fixture shows what a client gets that lost its stream.
const url = await startFixture();

/** An event as it came; `data` is empty where it holds no message. */
interface SentEvent {
  id: string;
  data: string;
}

/** A session's stream, or the rest of one: what came after the event `from`. */
async function openStream({ headers }: Session, from?: string): Promise<Response> {
  const resume = from === undefined ? {} : { "last-event-id": from };
  const get = () => fetch(`${url}/mcp`, { headers: { accept: "text/event-stream", ...headers, ...resume } });
  let response = await get();
  // The server notices some time after we do that a stream has ended.
  for (const end = performance.now() + 5000; response.status === 409 && performance.now() < end; ) {
    response = await get();
  }
  return response;
}

/** The events of a stream until one's data holds `last`; then hangs up. */
async function eventsUntil(response: Response, last: string): Promise<SentEvent[]> {
  let text = "";
  for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += part;
    const events = eventsIn(text);
    if (events.some(({ data }) => data.includes(last))) {
      return events;
    }
  }
  throw new Error(`the stream ended without ${last}: ${text}`);
}

function eventsIn(text: string): SentEvent[] {
  const blocks = text.split("\n\n").filter((block) => /^id: /m.test(block));
  return blocks.map((block) => ({
    id: /^id: (.*)$/m.exec(block)?.[1] ?? "",
    data: /^data: (.*)$/m.exec(block)?.[1] ?? "",
  }));
}

const change = (id: number, list: "tool" | "prompt") => toolCall(id, `test_trigger_${list}_change`, {});

describe("a client that lost its stream", () => {
  test("of a call gets the answer on a new one, and is told when to come", async () => {
    const session = await openSession(url);
    const cut = await (await session.post(toolCall(1, "test_reconnection", {}))).text();
    expect(cut).toContain("\nretry: 1000\n");
    const [begun] = eventsIn(cut);
    expect(cut).not.toContain('"result"');
    const [answer, ...more] = await eventsUntil(await openStream(session, begun?.id), '"id":1');
    expect(JSON.parse(answer?.data ?? "")).toMatchObject({ id: 1, result: { content: [{ type: "text" }] } });
    expect(more).toEqual([]);
  });

  test("of a session is told what it missed, and only that", async () => {
    const session = await openSession(url);
    const stream = await openStream(session);
    await session.request(change(1, "tool"));
    const before = await eventsUntil(stream, "tools/list_changed");
    await session.request(change(2, "prompt"));
    const after = await eventsUntil(await openStream(session, before.at(-1)?.id), "list_changed");
    expect(after.map(({ data }) => JSON.parse(data).method)).toEqual(["notifications/prompts/list_changed"]);
  });

  test("of a session may go on even where all it missed is forgotten", async () => {
    const session = await openSession(url);
    const stream = await openStream(session);
    await session.request(change(1, "tool"));
    const [seen] = await eventsUntil(stream, "tools/list_changed");
    for (let id = 2; id < 300; id++) {
      await session.request(request(id, "ping"));
    }
    const resumed = await openStream(session, seen?.id);
    expect(resumed.status).toBe(200);
    await session.request(change(300, "prompt"));
    await eventsUntil(resumed, "prompts/list_changed");
  });

  test.each(["", "1", "another-stream_1", "_GET_stream"])(
    "cannot go on from the event %j that was none",
    async (id) => {
      const session = await openSession(url);
      const response = await openStream(session, id);
      // Without a value the header is none, and the stream a new one.
      expect(response.status).toBe(id === "" ? 200 : 400);
      await response.body?.cancel();
    },
  );

  test("of another session cannot go on from an event of it", async () => {
    const [mine, others] = [await openSession(url), await openSession(url)];
    const [event] = eventsIn(await (await others.post(request(1, "ping"))).text());
    expect((await openStream(mine, event?.id)).status).toBe(400);
  });
});

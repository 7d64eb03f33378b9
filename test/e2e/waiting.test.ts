import { describe, expect, test } from "bun:test";
import { postStateless } from "../support/eras.ts";
import { messagesOf, openEventClient, openSession, toolCall } from "../support/raw-http.ts";
import { freshStore, startHttp } from "../support/server.ts";
import {
  answerOf,
  beginInSession,
  beginOnStdio,
  beginStateless,
  callOn,
  claimNext,
  create,
  onStdio,
} from "../support/waiting.ts";

const NONE = { message: expect.stringContaining("no task") };

/** Collects answers as they come; `after` resolves once so many have. */
function collect(answers: readonly Promise<Record<string, unknown>>[]) {
  const come: Record<string, unknown>[] = [];
  let check = (): void => undefined;
  for (const answer of answers) {
    answer.then(
      (message) => {
        come.push(message);
        check();
      },
      () => undefined,
    );
  }
  const after = (count: number) =>
    new Promise<void>((resolve) => {
      check = () => {
        if (come.length >= count) {
          resolve();
        }
      };
      check();
    });
  return { come, after };
}

describe("claim_task with wait_seconds", () => {
  test("is woken by a write of another process, whatever the transport and era, and one of those who wait wins", async () => {
    const store = freshStore();
    const [writer, reader, http] = [await onStdio(store), await onStdio(store), await startHttp(store)];
    const legacy = await openEventClient(http.url);
    await legacy.post({ ...toolCall(1, "", {}), params: claimNext("stream") });
    const [own, other] = [beginOnStdio(writer, "own"), beginOnStdio(reader, "other", "stateless")];
    await Promise.all([own.waiting, other.waiting]);
    const { come, after } = collect([
      own.answer,
      other.answer,
      (await beginStateless(http.url, "stateless")).answer(),
      (await beginInSession(http.url, "session")).answer(),
      legacy.next().then(answerOf),
    ]);
    for (const number of [1, 2, 3, 4, 5]) {
      await create(writer, `t${number}`);
      await after(number);
      expect(come).toHaveLength(number);
    }
    expect(come.map(({ task }) => Object(task).task_id)).toEqual(["t1", "t2", "t3", "t4", "t5"]);
    const winners = come.map(({ task }) => Object(task).current_owner);
    expect(winners.toSorted()).toEqual(["other", "own", "session", "stateless", "stream"]);
  });

  test("gives a task to exactly one of 20, in two processes, and the others go on waiting", async () => {
    const store = freshStore();
    const [server, http] = [await onStdio(store), await startHttp(store)];
    const mine = Array.from({ length: 10 }, (_, n) => beginOnStdio(server, `stdio-${n}`));
    await Promise.all(mine.map(({ waiting }) => waiting));
    const theirs = await Promise.all(Array.from({ length: 10 }, (_, n) => beginStateless(http.url, `http-${n}`)));
    const { come, after } = collect([...mine.map(({ answer }) => answer), ...theirs.map(({ answer }) => answer())]);
    await create(server, "t1");
    await after(1);
    await create(server, "t2");
    await after(2);
    expect(come.map(({ task }) => Object(task).task_id)).toEqual(["t1", "t2"]);
    expect(await callOn(server, "get_task", { task_id: "t1", view: "history" })).toMatchObject({
      events: [{ effects: ["claimed"] }, { effects: ["created"] }],
    });
  });

  test("of one task waits for whoever has it, and answers who that is when the time is up", async () => {
    const server = await onStdio(freshStore());
    const claim = (agent: string, wait_seconds: number) =>
      callOn(server, "claim_task", { task_id: "t", agent, wait_seconds });
    await create(server, "t");
    await claim("a", 0);
    expect(await claim("b", 1)).toMatchObject({ code: "not_owner", details: { current_owner: "a" } });
    const waiting = claim("b", 45);
    await callOn(server, "save_checkpoint", { task_id: "t", agent: "a", completed_steps: ["one"] });
    await callOn(server, "handoff_task", { task_id: "t", from_agent: "a", to_agent: "b" });
    expect(await waiting).toMatchObject({ task: { task_id: "t", status: "in_progress", current_owner: "b" } });
    const late = claim("c", 45);
    await callOn(server, "update_task", { task_id: "t", agent: "b", status: "done" });
    expect(await late).toMatchObject({ code: "illegal_transition" });
    expect(await claim("c", 46)).toMatchObject({ code: "invalid" });
  });

  test("takes up the agent's own exhausted task once its limit is reset, not before and not at the end of its time", async () => {
    const server = await onStdio(freshStore());
    await create(server, "t");
    await callOn(server, "claim_task", { task_id: "t", agent: "a" });
    const resets_at = new Date(Date.now() + 2000).toISOString();
    await callOn(server, "mark_exhausted", { task_id: "t", agent: "a", reason: "rate_limit", resets_at });
    const next = async (name: string, wait_seconds: number) => {
      const { task, message } = await callOn(server, "claim_task", { agent: "a", repo_path: "*", wait_seconds });
      return { name, found: Object(task).task_id ?? message };
    };
    expect(await next("at once", 0)).toMatchObject({ found: NONE.message });
    const nobodys = callOn(server, "claim_task", { agent: "nobody", wait_seconds: 20 }).then(() => "the other's time");
    expect(await Promise.race([next("waiting", 45), nobodys])).toEqual({ name: "waiting", found: "t" });
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(resets_at));
    await server.end();
  });

  test("finds none in a second: no error, and progress only for who asked for it", async () => {
    const { url } = await startHttp(freshStore());
    const params = claimNext("a", 1);
    const asking = (progressToken: number | string) => ({ ...params, _meta: { progressToken } });
    const { post } = await openSession(url);
    const responses = await Promise.all([
      postStateless(url, "tools/call", params),
      postStateless(url, "tools/call", asking(7)),
      post({ ...toolCall(1, "", {}), params }),
      post({ ...toolCall(2, "", {}), params: asking("p") }),
    ]);
    const [silent, told, silentInSession, toldInSession] = await Promise.all(responses.map(messagesOf));
    expect([silent, silentInSession].map((messages) => messages?.map(answerOf))).toEqual([[NONE], [NONE]]);
    const progress = (progressToken: number | string) => ({
      method: "notifications/progress",
      params: { progressToken, progress: 0, total: 1 },
    });
    expect(told).toMatchObject([progress(7), { id: 1, result: {} }]);
    expect(toldInSession).toMatchObject([progress("p"), { id: 2, result: {} }]);
  });

  test("answers a POST of 2026-07-28 as an event stream that begins at once, however long the wait", async () => {
    const { url } = await startHttp(freshStore());
    const response = await postStateless(url, "tools/call", claimNext("a"), {}, AbortSignal.timeout(10_000));
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const first = await response.body?.getReader().read();
    expect(new TextDecoder().decode(first?.value)).toStartWith(": ");
  });
});

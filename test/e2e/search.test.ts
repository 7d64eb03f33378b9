import { expect, test } from "bun:test";
import { freshStore, type StdioServer, startStdio } from "../support/server.ts";

/** Calls a tool; fails with what it refused. */
async function call(server: StdioServer, name: string, args: Record<string, unknown>) {
  const { result } = await server.request("tools/call", { name, arguments: args });
  const { isError, structuredContent, content } = Object(result);
  expect([isError ?? false, isError ? content : undefined]).toEqual([false, undefined]);
  return structuredContent;
}

const find = async (server: StdioServer, query: string): Promise<string[]> =>
  (await call(server, "list_tasks", { query })).tasks.map(({ task_id }: { task_id: string }) => task_id);

test("what one process has written, and was answered, every other finds at once", async () => {
  const store = freshStore();
  const [a, b] = [startStdio(store), startStdio(store)];
  await Promise.all([a.initialize(), b.initialize()]);
  await call(a, "create_task", { task_id: "t", title: "Fix auth/login.py", goal: "Sessions survive a restart" });
  for (let n = 0; n < 60; n++) {
    const [writer, searcher] = n % 2 === 0 ? [a, b] : [b, a];
    await call(writer, "save_checkpoint", { task_id: "t", agent: "team", completed_steps: [`step${n} of openStore`] });
    expect(await find(searcher, `step${n} store auth/login`)).toEqual(["t"]);
    expect(await find(searcher, `step${n - 1}`)).toEqual([]);
    await call(writer, "create_task", { task_id: `t${n}`, title: `Title${n}`, goal: "Everything" });
    expect(await find(searcher, `title${n} everything`)).toEqual([`t${n}`]);
  }
  const pages = [await call(a, "list_tasks", { query: "EVERYTHING", limit: 40 })];
  pages.push(await call(b, "list_tasks", { query: "EVERYTHING", limit: 40, cursor: pages[0].next_cursor }));
  const listed = pages.flatMap(({ tasks }) => tasks.map(({ task_id }: { task_id: string }) => task_id));
  expect(listed).toEqual(Array.from({ length: 60 }, (_, n) => `t${59 - n}`));
  expect(pages[1].next_cursor).toBeUndefined();
});

test("an odd query is answered, one of more than 1,000 characters refused", async () => {
  const server = startStdio(freshStore());
  await server.initialize();
  await call(server, "create_task", { task_id: "t", title: 'Say "NOT" 🔥 東京', goal: "" });
  for (const query of ['"', "NOT", "🔥", "東", "title:*", "'; --", "(".repeat(1000)]) {
    expect(await find(server, query)).toEqual(query === "title:*" ? [] : ["t"]);
  }
  const { result } = await server.request("tools/call", { name: "list_tasks", arguments: { query: "x".repeat(1001) } });
  expect(result).toMatchObject({ isError: true });
  expect(JSON.stringify(result)).toContain("1000");
});

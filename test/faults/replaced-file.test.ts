import { describe, expect, test } from "bun:test";
import { copyFileSync, renameSync, rmSync } from "node:fs";
import { connect, freshStore, refusal, startHttp, startStdio, transports } from "../support/server.ts";

const created = (task_id: string) => ({ name: "create_task", arguments: { task_id, title: "T", goal: "G" } });

/** What may happen to the files of a running server, by hand or by a script. */
const ACCIDENTS: [string, (db: string) => void][] = [
  ["removed", (db) => rmSync(db)],
  ["moved away", (db) => renameSync(db, `${db}.old`)],
  [
    "replaced by a copy",
    (db) => {
      copyFileSync(db, `${db}.copy`);
      renameSync(`${db}.copy`, db);
    },
  ],
  ["left without its log", (db) => rmSync(`${db}-wal`)],
];

describe("a database file under a running server", () => {
  test.each(ACCIDENTS)(
    "that is %s: the next write is refused, not acknowledged into nothing; the server ends with 78",
    async (_, happen) => {
      const flags = freshStore();
      const server = startStdio(flags);
      await server.initialize();
      expect(await server.request("tools/call", created("before"))).toMatchObject({
        result: { structuredContent: { task_id: "before" } },
      });
      happen(flags[1] ?? "");
      const refused = await server.request("tools/call", created("after"));
      expect(refused).toMatchObject({ result: { isError: true } });
      expect(JSON.stringify(refused)).toMatch(/\\"code\\":\\"busy\\".*removed or replaced/);
      expect(await server.process.exited).toBe(78);
      expect(await new Response(server.process.stderr).text()).toMatch(/"level":"error".*removed or replaced/);
      const next = startStdio(flags);
      await next.initialize();
      expect(await next.request("tools/call", created("after"))).toMatchObject({
        result: { structuredContent: { task_id: "after" } },
      });
      expect(await next.end()).toBe(0);
    },
  );

  test("that is removed while nobody writes is noticed all the same, over stdio and HTTP", async () => {
    const [one, other] = [freshStore(), freshStore()];
    const stdio = startStdio(one);
    await stdio.initialize();
    const { process } = await startHttp(other);
    rmSync(one[1] ?? "");
    rmSync(other[1] ?? "");
    expect(await Promise.all([stdio.process.exited, process.exited])).toEqual([78, 78]);
  });

  test("that is replaced under HTTP: the writer is told before the server ends", async () => {
    const flags = freshStore();
    const { url, process } = await startHttp(flags);
    const client = await connect(transports.http(url));
    await client.callTool(created("before"));
    rmSync(flags[1] ?? "");
    expect(await refusal(client, "create_task", created("after").arguments)).toMatchObject({ code: "busy" });
    expect(await process.exited).toBe(78);
  });
});

import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { call, connect, freshStore, refusal, startHttp, transports } from "../support/server.ts";

// How long anything takes is told by bench/contention.ts.
test("a store that another process holds: health and reads go on, writes wait, and are refused with busy in the end", async () => {
  const flags = freshStore();
  const { url } = await startHttp(flags);
  const [reader, writer] = await Promise.all([connect(transports.http(url)), connect(transports.http(url))]);
  await call(writer, "create_task", { task_id: "t", title: "T", goal: "G" });
  const other = new Database(flags[1] ?? "");
  other.run("PRAGMA busy_timeout = 5000");
  other.run("BEGIN IMMEDIATE");
  let refused = false;
  const refusing = refusal(writer, "create_task", { task_id: "late", title: "T", goal: "G" }).finally(() => {
    refused = true;
  });
  let reads = 0;
  while (!refused) {
    expect(await call(reader, "get_task", { task_id: "t" })).toMatchObject({ title: "T" });
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: "ok" });
    reads++;
  }
  expect(await refusing).toMatchObject({ code: "busy" });
  expect(reads).toBeGreaterThan(10);
  const patient = call(writer, "create_task", { task_id: "patient", title: "T", goal: "G" });
  await call(reader, "get_task", { task_id: "t" });
  other.run("ROLLBACK");
  other.close();
  expect(await patient).toMatchObject({ task_id: "patient", created: true });
});

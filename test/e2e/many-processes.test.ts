import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { SCHEMA_VERSION } from "../../src/store/sqlite/schema.ts";
import { makeOlderDatabase } from "../support/older-database.ts";
import { freshStore, startStdio } from "../support/server.ts";

/** In CI; the long setting is `STARTS=50 bun test --timeout 3600000 test/e2e/many-processes.test.ts -t "16 processes"`. */
const ROUNDS = Number(Bun.env["STARTS"] ?? 2);

/** A store as the release with the schema before ours left it. */
function olderStore(): string[] {
  const flags = freshStore();
  makeOlderDatabase(flags[1] ?? "", SCHEMA_VERSION - 1);
  return flags;
}

const isError = ({ error, result }: Record<string, unknown>) => error !== undefined || Object(result).isError === true;

describe("many processes on one store", () => {
  test("4 processes × 25 creates and 4 × 25 checkpoints on one task: 100 of 100 each, no error", async () => {
    const store = freshStore();
    const servers = Array.from({ length: 4 }, () => startStdio(store));
    await Promise.all(servers.map((server) => server.initialize()));
    const [first] = servers;
    await first?.request("tools/call", {
      name: "create_task",
      arguments: { task_id: "shared", title: "T", goal: "G" },
    });
    const everywhere = (
      act: (server: (typeof servers)[number], process: number, n: number) => Promise<Record<string, unknown>>,
    ) =>
      Promise.all(
        servers.map(async (server, process) => {
          const answers: Record<string, unknown>[] = [];
          for (let n = 0; n < 25; n++) {
            answers.push(await act(server, process, n));
          }
          return answers;
        }),
      ).then((answers) => answers.flat());

    const creates = await everywhere((server, process, n) =>
      server.request("tools/call", {
        name: "create_task",
        arguments: { task_id: `p${process}-${n}`, title: "T", goal: "G" },
      }),
    );
    expect(creates.filter(isError)).toEqual([]);
    const checkpoints = await everywhere((server, process, n) => {
      const step = { task_id: "shared", agent: "team", completed_steps: [`p${process}-${n}`] };
      return server.request("tools/call", { name: "save_checkpoint", arguments: step });
    });
    expect(checkpoints.filter(isError)).toEqual([]);

    const reader = startStdio(store);
    await reader.initialize();
    const listed = await reader.request("tools/call", { name: "list_tasks", arguments: { limit: 200 } });
    expect(Object(listed["result"]).structuredContent.tasks).toHaveLength(101);
    const steps = new Set<string>();
    for (let checkpoint = 1; checkpoint <= 100; checkpoint++) {
      const read = await reader.request("tools/call", {
        name: "get_task",
        arguments: { task_id: "shared", checkpoint },
      });
      steps.add(Object(read["result"]).structuredContent.completed_steps[0]);
    }
    expect(steps.size).toBe(100);
    const numbers = checkpoints.map(({ result }) => Object(result).structuredContent.checkpoint);
    expect(new Set(numbers).size).toBe(100);
  });

  test("of 8 processes that take one open offer at the same time exactly one succeeds", async () => {
    const store = freshStore();
    const servers = Array.from({ length: 8 }, () => startStdio(store));
    await Promise.all(servers.map((server) => server.initialize()));
    for (let round = 0; round < 10; round++) {
      const task_id = `offer-${round}`;
      const [first] = servers;
      await first?.request("tools/call", { name: "create_task", arguments: { task_id, title: "T", goal: "G" } });
      await first?.request("tools/call", { name: "handoff_task", arguments: { task_id, from_agent: "planner" } });
      const answers = await Promise.all(
        servers.map((server, n) =>
          server.request("tools/call", { name: "update_task", arguments: { task_id, current_owner: `agent-${n}` } }),
        ),
      );
      const winners = answers.filter((answer) => !isError(answer));
      expect(winners).toHaveLength(1);
      const owner = Object(winners[0]?.["result"]).structuredContent.current_owner;
      for (const loser of answers.filter(isError)) {
        expect(JSON.stringify(loser)).toContain(`\\"${owner}\\"`);
      }
    }
  });

  test.each([
    ["a fresh file", freshStore],
    ["a file of the version before", olderStore],
  ])(
    "16 processes that start at once on %s all serve, several times over",
    async (_, makeStore) => {
      const starts: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const store = makeStore();
        const begun = performance.now();
        const servers = Array.from({ length: 16 }, () => startStdio(store));
        const answers = await Promise.all(
          servers.map(async (server, n) => {
            await server.initialize();
            starts.push(performance.now() - begun);
            return server.request("tools/call", {
              name: "create_task",
              arguments: { task_id: `t${n}`, title: "T", goal: "G" },
            });
          }),
        );
        expect(answers.filter(isError)).toEqual([]);
        expect(await Promise.all(servers.map((server) => server.end()))).toEqual(Array.from({ length: 16 }, () => 0));
        const db = new Database(store[1] ?? "");
        expect(db.query("SELECT count(*) AS n FROM tasks").get()).toEqual({ n: 16 });
        expect(db.query("SELECT count(*) AS n FROM meta WHERE key = 'cursor_key'").get()).toEqual({ n: 1 });
        expect(db.query("PRAGMA user_version").get()).toEqual({ user_version: SCHEMA_VERSION });
        expect(db.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
        db.close();
      }
      const [least = 0, most = 0] = [Math.min(...starts), Math.max(...starts)];
      console.error(
        `${starts.length} starts, 16 at once: the first after ${least.toFixed()} ms, the last after ${most.toFixed()} ms`,
      );
    },
    3_600_000,
  );

  test("a cursor survives a restart, and is refused by another store or when it was tampered with", async () => {
    const store = freshStore();
    const first = startStdio(store);
    await first.initialize();
    for (let n = 0; n < 101; n++) {
      await first.request("tools/call", { name: "create_task", arguments: { task_id: `t${n}`, title: "T", goal: "" } });
    }
    const listed = await first.request("resources/list");
    const { nextCursor: cursor, resources } = Object(listed["result"]);
    expect(resources).toHaveLength(100);
    await first.end();
    const second = startStdio(store);
    await second.initialize();
    expect(await second.request("resources/list", { cursor })).toMatchObject({
      result: { resources: [{ uri: "task://t0" }] },
    });
    expect(await second.request("resources/list", { cursor: `x${cursor}` })).toMatchObject({ error: { code: -32602 } });
    const other = startStdio(freshStore());
    await other.initialize();
    expect(await other.request("resources/list", { cursor })).toMatchObject({ error: { code: -32602 } });
  });

  test("a kill in the middle of work loses no acknowledged write", async () => {
    const store = freshStore();
    const server = startStdio(store);
    await server.initialize();
    const lines = Array.from({ length: 2000 }, (_, id) => {
      const params = { name: "create_task", arguments: { task_id: `t${id}`, title: "T", goal: "G" } };
      return `${JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params })}\n`;
    });
    server.write(lines.join(""));
    await server.next(({ id }) => id === 100);
    server.process.kill("SIGKILL");
    await server.process.exited;
    const acknowledged = server.received.filter(({ id }) => typeof id === "number").map(({ id }) => `t${id}`);
    const db = new Database(store[1] ?? "");
    const kept = new Set(
      db
        .query<{ task_id: string }, []>("SELECT task_id FROM tasks")
        .all()
        .map(({ task_id }) => task_id),
    );
    expect(acknowledged.length).toBeGreaterThan(100);
    expect(acknowledged.filter((task_id) => !kept.has(task_id))).toEqual([]);
    expect(db.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    db.close();
  });
});

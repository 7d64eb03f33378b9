import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { LABELED_STATUS_SINCE } from "../../src/store/sqlite/migrate.ts";
import { runCommand } from "../support/command.ts";
import { makeOlderDatabase } from "../support/older-database.ts";
import { filesUnder, fill, freshPlace, type Place, serverAt } from "../support/sample-store.ts";

/** How many random bits are flipped, one after the other, each in a sound store; FLIPS=1000 is the long setting. */
const FLIPS = Number(Bun.env["FLIPS"] ?? 150);
const SEED = Number(Bun.env["SEED"] ?? 1);
const TASKS = 24;
const TABLES = ["tasks", "checkpoints", "artifacts", "events", "task_tags", "meta", "idempotency", "tokens"];

/** The next of a sequence of random whole numbers below `bound`. */
function dice(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

function flip(path: string, bit: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  writeFileSync(path, bytes);
}

/** All that was written, as it reads back: every row, every artifact. Throws what SQLite says of a damaged file. */
function contentOf({ db: path, artifacts }: Place): string {
  const db = new Database(path, { readwrite: true, create: false });
  try {
    const rows = TABLES.map((table) => db.query(`SELECT * FROM ${table}`).all());
    return JSON.stringify([
      rows,
      [...filesUnder(artifacts)].map(([file, bytes]) => [file.slice(-64), bytes.toString("hex")]),
    ]);
  } finally {
    db.close();
  }
}

/** What a server answers about everything; a refusal as its code. */
async function answersOf(place: Place): Promise<string[]> {
  const server = await serverAt(place);
  const answers: string[] = [];
  for (let n = 0; n < TASKS; n++) {
    for (const view of ["full", "history"]) {
      const { result, error } = await server.request("tools/call", {
        name: "get_task",
        arguments: { task_id: `task-${n}`, view },
      });
      const { isError, structuredContent, content } = Object(result);
      answers.push(
        error === undefined && isError !== true
          ? JSON.stringify(structuredContent)
          : `refused: ${JSON.stringify(error ?? content)}`,
      );
    }
  }
  await server.end();
  return answers.map((answer) => answer.replace(/"lease_seconds_left":\d+,?/, ""));
}

describe("verify", () => {
  test("a store that servers are writing to is sound, and the last line says what was looked at", async () => {
    const place = freshPlace();
    await fill(place, 6);
    const server = await serverAt(place);
    const { exitCode, stdout } = await runCommand(["verify", ...place.flags]);
    expect(stdout).toMatch(/^\S+tasks\.db: sound: \d+ rows, 2 artifacts\n$/);
    expect(exitCode).toBe(0);
    await server.end();
  });

  test("artifacts that are changed or missing are damage, those that nobody knows a note", async () => {
    const place = freshPlace();
    await fill(place, 12);
    const [changed = "", missing = ""] = filesUnder(place.artifacts).keys();
    flip(changed, 3);
    rmSync(missing);
    writeFileSync(`${place.artifacts}/left-over.part`, "x");
    const { exitCode, stdout } = await runCommand(["verify", ...place.flags]);
    expect(stdout).toMatch(new RegExp(`^DAMAGED  artifact ${changed.slice(-64)} .*has other bytes`, "m"));
    expect(stdout).toMatch(new RegExp(`^DAMAGED  artifact ${missing.slice(-64)} `, "m"));
    expect(stdout).toMatch(/^note {5}.*left-over\.part/m);
    expect(stdout).toMatch(/damaged: 2 findings in \d+ rows, \d+ artifacts\n$/);
    expect(exitCode).toBe(1);
  });

  test("a changed row is named; the server refuses it, says so in its log, and serves the rest", async () => {
    const place = freshPlace();
    await fill(place, 6);
    const bytes = readFileSync(place.db);
    flip(place.db, bytes.indexOf("Title 3") * 8);
    const { exitCode, stdout } = await runCommand(["verify", ...place.flags]);
    expect(stdout).toMatch(/^DAMAGED {2}tasks, id 4: not as it was written$/m);
    expect(exitCode).toBe(1);
    const server = await serverAt(place);
    const errors = new Response(server.process.stderr).text();
    const read = await server.request("tools/call", { name: "get_task", arguments: { task_id: "task-3" } });
    expect(JSON.stringify(read)).toContain("run `mcp-task-server verify`");
    const write = await server.request("tools/call", {
      name: "update_task",
      arguments: { task_id: "task-3", title: "x" },
    });
    expect(Object(write["result"]).isError).toBe(true);
    const other = await server.request("tools/call", { name: "get_task", arguments: { task_id: "task-2" } });
    expect(Object(other["result"]).isError).toBeUndefined();
    await server.end();
    expect(await errors).toContain("run mcp-task-server verify --db");
  });

  test("labels that are not indexed as their task is, by time or by status, are damage; older schemas have no status there", async () => {
    const place = freshPlace();
    await fill(place, 6);
    const db = new Database(place.db);
    const ofTask = "task = (SELECT id FROM tasks WHERE task_id = ?)";
    db.run(`UPDATE task_tags SET status = 'open' WHERE tag = 'all' AND ${ofTask}`, ["task-5"]);
    db.run(`UPDATE task_tags SET updated_at = '2026' WHERE tag = 'all' AND ${ofTask}`, ["task-4"]);
    db.close();
    const { exitCode, stdout } = await runCommand(["verify", ...place.flags]);
    expect(stdout.split("\n").slice(0, -2)).toEqual([
      "DAMAGED  task-4: its labels are not indexed as they are",
      "DAMAGED  task-5: its labels are indexed under another status",
    ]);
    expect(exitCode).toBe(1);
    const older = freshPlace();
    makeOlderDatabase(older.db, LABELED_STATUS_SINCE - 1, (old) => {
      old.run(
        `INSERT INTO tasks (task_id, title, goal, status, priority, tags, content_hash, checkpoint_count, version, created_at, updated_at)
         VALUES ('t', 'T', 'G', 'done', 2, '["x"]', '', 0, 0, '2026', '2026')`,
      );
      old.run("INSERT INTO task_tags (tag, updated_at, task) VALUES ('x', '2026', 1)");
    });
    expect(await runCommand(["verify", ...older.flags])).toMatchObject({ exitCode: 0 });
  });

  test(`each of ${FLIPS} random flipped bits is detected or harmless, and no server serves what was not written`, async () => {
    const place = freshPlace();
    await fill(place, TASKS);
    const sound = contentOf(place);
    const answers = await answersOf(place);
    const pristine = freshPlace();
    cpSync(place.folder, pristine.folder, { recursive: true });
    const files = [...filesUnder(place.folder)].filter(([, bytes]) => bytes.length > 0).map(([path]) => path);
    const names = files.map((path) => path.slice(place.folder.length));
    const database = "/tasks.db";
    const artifacts = names.filter((name) => name.startsWith("/artifacts/"));
    expect(names.length).toBe(artifacts.length + 1);
    const random = dice(SEED);
    let [detected, harmless] = [0, 0];
    for (let n = 0; n < FLIPS; n++) {
      const file = n % 5 === 4 ? (artifacts[random(artifacts.length)] ?? "") : database;
      const bit = random(readFileSync(pristine.folder + file).length * 8);
      rmSync(place.folder, { recursive: true });
      cpSync(pristine.folder, place.folder, { recursive: true });
      flip(place.folder + file, bit);
      const what = `flip ${n}, bit ${bit} of ${file}`;
      const { exitCode, stdout } = await runCommand(["verify", ...place.flags]);
      expect([0, 1, 78], what).toContain(exitCode);
      if (exitCode === 0) {
        expect(contentOf(place), `${what}: ${stdout}`).toBe(sound);
      }
      [detected, harmless] = exitCode === 0 ? [detected, harmless + 1] : [detected + 1, harmless];
      if (n % 10 === 0) {
        const served = await answersOf(place).catch(() => []);
        const wrong = served.filter((answer, index) => answer !== answers[index] && !answer.startsWith("refused: "));
        expect(wrong, what).toEqual([]);
      }
    }
    console.error(`${FLIPS} flips: ${detected} detected, ${harmless} harmless`);
    expect(detected).toBeGreaterThan(FLIPS / 4);
  }, 900_000);
});

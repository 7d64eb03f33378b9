import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { temporaryFolder } from "../support/folder.ts";
import { LINKS, pathNames } from "../support/path-names.ts";
import { call, connect, EXECUTABLE } from "../support/server.ts";

const SECRET = "the content of a file that nobody may read";
const base = realpathSync(temporaryFolder());
const [root, outside, twin, store] = ["repo", "outside", "repo-evil", "store"].map((name) => join(base, name));
if (root === undefined || outside === undefined || twin === undefined || store === undefined) {
  throw new Error("four folders");
}
for (const folder of [join(root, ".git"), join(root, "inside"), outside, twin, store]) {
  mkdirSync(folder, { recursive: true });
}
for (const path of [
  join(outside, "secret"),
  join(twin, "secret"),
  join(base, "secret"),
  join(root, ".git", "config"),
]) {
  writeFileSync(path, SECRET);
}
writeFileSync(join(root, "plain"), "public");
for (const [link, target] of Object.entries(LINKS({ root, outside, twin }))) {
  symlinkSync(target, join(root, link));
}
const NAMES = pathNames({ root, outside, twin });

/** strace where it is installed and permitted: what tells which files the server really opens. */
const traces = Bun.which("strace") !== null && Bun.spawnSync(["strace", "-o", "/dev/null", "true"]).exitCode === 0;
const trace = join(base, "trace");
const command = [
  ...(traces ? ["strace", "-f", "-qq", "-y", "-s", "8192", "-e", "trace=open,openat,creat,execve", "-o", trace] : []),
  ...[EXECUTABLE, "--db", join(store, "tasks.db"), "--artifacts", join(store, "artifacts"), "--agent", "a"],
];
const client = await connect(
  new StdioClientTransport({
    command: command[0] ?? "",
    args: command.slice(1),
    env: { HOME: join(base, "home") },
    stderr: "ignore",
  }),
);
const answers: string[] = [];
afterAll(() => answers.splice(0));

/** Calls a tool, and answers its content or the code of the refusal. */
async function attempt(
  name: string,
  args: Record<string, unknown>,
): Promise<{ code?: unknown; content: Record<string, unknown> }> {
  const { isError, content, structuredContent } = await client.callTool({ name, arguments: args });
  const [block] = Array.isArray(content) ? content : [];
  answers.push(`${block?.text}`);
  return isError === true
    ? { code: JSON.parse(block.text).code, content: {} }
    : { content: { ...Object(structuredContent) } };
}

// What is loaded late is loaded now: from the marker on, nothing outside store and root is opened.
await call(client, "create_task", { task_id: "t", title: "T", goal: "G", repo_path: root });
await call(client, "attach_artifact", { task_id: "t", name: "first", content: "x" });
await call(client, "get_artifact", { task_id: "t", artifact: "first" });
await client.readResource({ uri: "task://t/artifacts/first" });
await client.readResource({ uri: "task://t" });
await call(client, "attach_artifact", { task_id: "t", name: "marker", path: "plain" });

describe("500 names lead nowhere but where they may", () => {
  test("there are 500, each once", () => {
    expect(NAMES.length).toBe(500);
    expect(new Set(NAMES).size).toBe(500);
  });

  test("as path of attach_artifact", async () => {
    const codes = new Set<unknown>();
    for (const path of NAMES) {
      codes.add((await attempt("attach_artifact", { task_id: "t", name: "by-path", path })).code);
    }
    expect([...codes].sort()).toEqual(["forbidden", "invalid", "not_found"]);
  });

  test("as name of an artifact: it is kept as it is, or refused", async () => {
    let kept = 0;
    const task_id = "names";
    await attempt("create_task", { task_id, title: "T", goal: "G" });
    for (const name of NAMES) {
      const { code, content } = await attempt("attach_artifact", { task_id, name, content: "c" });
      if (content["redacted"] !== undefined) {
        // What looks like a password is none of the name any more.
        continue;
      }
      const got = await attempt("get_artifact", { task_id, artifact: name });
      const uri = `task://${task_id}/artifacts/${encodeURIComponent(name.toWellFormed())}`;
      const read = await client.readResource({ uri }).catch(() => undefined);
      if (code === undefined) {
        kept++;
        expect(got.content).toMatchObject({ name, content: "c" });
        expect(read?.contents).toMatchObject([{ text: "c" }]);
      } else {
        expect({ name, code, got: got.content, read }).toEqual({ name, code, got: {}, read: undefined });
        expect(`${code}`).toMatch(/^(invalid|too_large)$/);
      }
    }
    expect(kept).toBeGreaterThan(350);
  });

  test("as id of a task", async () => {
    for (const task_id of NAMES) {
      const { code } = await attempt("create_task", { task_id, title: "T", goal: "G" });
      const plain = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(task_id);
      expect({ task_id, code }).toEqual({ task_id, code: plain ? undefined : "invalid" });
      await attempt("get_task", { task_id });
      await attempt("attach_artifact", { task_id, name: "x", path: "secret" });
    }
  });

  test("as repo_path of a task: it is kept as it is, and nothing is read from there", async () => {
    for (const [index, repo_path] of NAMES.entries()) {
      const task_id = `repo-${index}`;
      const { code } = await attempt("create_task", { task_id, title: "T", goal: "G", repo_path });
      const by = await attempt("attach_artifact", { task_id, name: "x", path: index % 2 === 0 ? "secret" : "config" });
      expect({ repo_path, code: by.code }).toEqual({ repo_path, code: code === undefined ? "forbidden" : "not_found" });
    }
  });

  test("as URI of a resource", async () => {
    for (const name of NAMES) {
      for (const uri of [
        name,
        `task://${name}`,
        `task://t/${name}`,
        `task://t/artifacts/${name}`,
        `task://t/checkpoints/${name}`,
      ]) {
        const read = await client.readResource({ uri }).catch((error) => `${error}`);
        answers.push(JSON.stringify(read));
      }
    }
  });

  test("and no answer held what lies outside, no file was made but the contents by their hash", () => {
    expect(answers.length).toBeGreaterThan(5500);
    expect(answers.filter((answer) => answer.includes(SECRET) || answer.includes("root:x:"))).toEqual([]);
    const files = readdirSync(store, { recursive: true, encoding: "utf8" }).filter(
      (name) => !/^tasks\.db(-wal|-shm)?$/.test(name),
    );
    const hashes = ["x", "public", "c"].map((content) => Bun.SHA256.hash(content, "hex"));
    const expected = hashes.flatMap((hash) => [
      `artifacts/${hash.slice(0, 2)}`,
      `artifacts/${hash.slice(0, 2)}/${hash}`,
    ]);
    expect(files.sort()).toEqual([...new Set(["artifacts", ...expected])].sort());
    expect(readdirSync(base).sort()).toEqual(
      [...["outside", "repo", "repo-evil", "secret", "store"], ...(traces ? ["trace"] : [])].sort(),
    );
  });

  test.skipIf(!traces)("and no file outside was opened, no program started, as strace saw it (needs strace)", () => {
    const lines = readFileSync(trace, "utf8").split("\n");
    const marker = lines.findLastIndex((line) => line.includes(`"${join(root, "plain")}"`) && !line.includes("= -1"));
    expect(marker).toBeGreaterThan(0);
    const opened = lines
      .slice(marker + 1)
      .filter((line) => /(?:open|openat|creat|execve)\(/.test(line) && !line.includes("O_PATH"));
    expect(opened.length).toBeGreaterThan(100);
    // The runtime measures its own memory.
    const isOutside = (line: string) =>
      ![`"${store}/`, `"${root}/`, '"/proc/self/statm"', '"/proc/self/stat"'].some((own) => line.includes(own));
    expect(opened.filter(isOutside)).toEqual([]);
    // Of the root, only what its names lead to by themselves.
    const inside = opened.filter((line) => line.includes(`"${root}/`) && !line.includes("= -1"));
    expect(inside.filter((line) => /<([^>]*)>\s*$/.exec(line)?.[1]?.startsWith(`${root}/`) !== true)).toEqual([]);
  });
});

import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { temporaryFolder } from "../support/folder.ts";
import { call, connect, freshStore, refusal, startHttp, transports } from "../support/server.ts";

const store = freshStore();
const folder = store[3] ?? "";
const client = await connect(transports.stdio(store), "a");

/** Makes a git work tree with one file in it, and a task whose repository it is. */
async function repository(task_id: string): Promise<string> {
  const root = join(temporaryFolder(), "repo");
  mkdirSync(join(root, ".git"), { recursive: true });
  writeFileSync(join(root, "notes.md"), "# Notes");
  await call(client, "create_task", { task_id, title: "T", goal: "G", repo_path: root });
  return root;
}

const files = () =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(folder, name)).isFile());
const read = async (task_id: string, artifact: string) => {
  const { contents } = await client.readResource({
    uri: `task://${task_id}/artifacts/${encodeURIComponent(artifact)}`,
  });
  return { ...Object(contents[0]) };
};

describe("artifacts", () => {
  test("are kept by content, once, and read by id or by any name", async () => {
    await call(client, "create_task", { task_id: "t", title: "T", goal: "G" });
    const names = ["../../etc/passwd", "/abs", "CON", "a b?#%", ".", "ü".repeat(200), "-rf", "x/../y"];
    for (const name of names) {
      const made = await call(client, "attach_artifact", {
        task_id: "t",
        name,
        kind: "log",
        content: "the same bytes",
      });
      expect(made).toMatchObject({ size: 14 });
      expect(await read("t", name)).toMatchObject({ mimeType: "text/plain", text: "the same bytes" });
      expect(await read("t", `${made["artifact_id"]}`)).toMatchObject({ text: "the same bytes" });
    }
    expect(files()).toHaveLength(1);
    expect(files()[0]).toMatch(/^[0-9a-f]{2}\/[0-9a-f]{64}$/);
    const again = await call(client, "attach_artifact", {
      task_id: "t",
      name: ".",
      kind: "log",
      content: "the same bytes",
    });
    expect(again).toMatchObject({ version: names.length + 1 });
  });

  test("bytes come back as bytes, and text is told from them", async () => {
    const bytes = Buffer.from([0, 255, 1, 254]);
    await call(client, "attach_artifact", { task_id: "t", name: "bin", content_base64: bytes.toString("base64") });
    expect(await read("t", "bin")).toMatchObject({
      mimeType: "application/octet-stream",
      blob: bytes.toString("base64"),
    });
    await call(client, "attach_artifact", { task_id: "t", name: "patch", kind: "diff", content: "--- a\n+++ b\n" });
    expect(await read("t", "patch")).toMatchObject({ mimeType: "text/x-diff" });
    await call(client, "attach_artifact", { task_id: "t", name: "empty", content: "" });
    expect(await read("t", "empty")).toMatchObject({ text: "" });
  });

  test("whose bytes were changed on disk are not served", async () => {
    const { sha256 } = await call(client, "attach_artifact", { task_id: "t", name: "victim", content: "genuine" });
    writeFileSync(join(folder, `${sha256}`.slice(0, 2), `${sha256}`), "forged!");
    await expect(read("t", "victim")).rejects.toMatchObject({ code: -32603 });
  });

  test("of an unknown task leave no bytes behind", async () => {
    const before = files();
    await refusal(client, "attach_artifact", { task_id: "nope", name: "n", content: "never kept" });
    expect(files()).toEqual(before);
  });
});

describe("attach_artifact by path", () => {
  test("reads a file inside the task's repository", async () => {
    const root = await repository("repo");
    mkdirSync(join(root, "sub"));
    writeFileSync(join(root, "sub", "deep.txt"), "deep");
    await call(client, "attach_artifact", { task_id: "repo", name: "n", path: "notes.md" });
    expect(await read("repo", "n")).toMatchObject({ text: "# Notes" });
    await call(client, "attach_artifact", {
      task_id: "repo",
      name: "d",
      path: join(root, "sub", "..", "sub", "deep.txt"),
    });
    expect(await read("repo", "d")).toMatchObject({ text: "deep" });
  });

  test("refuses whatever leads out of it", async () => {
    const root = await repository("out");
    const outside = temporaryFolder();
    writeFileSync(join(outside, "secret"), "secret");
    mkdirSync(`${root}-evil`);
    writeFileSync(join(`${root}-evil`, "secret"), "secret");
    symlinkSync(join(outside, "secret"), join(root, "link"));
    symlinkSync(outside, join(root, "linked"));
    for (const path of [
      "link",
      "linked/secret",
      "../repo-evil/secret",
      join(outside, "secret"),
      "/etc/passwd",
      "..",
      ".",
      "",
    ]) {
      const { code } = await refusal(client, "attach_artifact", { task_id: "out", name: "n", path });
      expect(["forbidden", "invalid"]).toContain(code);
    }
    expect(await refusal(client, "attach_artifact", { task_id: "out", name: "n", path: "absent" })).toMatchObject({
      code: "not_found",
    });
  });

  test("refuses a repo_path that is no work tree, /, the home folder, relative, or gone", async () => {
    const plain = temporaryFolder();
    writeFileSync(join(plain, "f"), "x");
    const root = await repository("gone");
    renameSync(root, `${root}-moved`);
    rmSync(`${root}-moved`, { recursive: true });
    for (const [n, repo_path] of [plain, "/", homedir(), "relative", root].entries()) {
      await call(client, "create_task", { task_id: `no-${n}`, title: "T", goal: "G", repo_path });
      expect(await refusal(client, "attach_artifact", { task_id: `no-${n}`, name: "n", path: "f" })).toMatchObject({
        code: "forbidden",
      });
    }
    await call(client, "create_task", { task_id: "none", title: "T", goal: "G" });
    expect(await refusal(client, "attach_artifact", { task_id: "none", name: "n", path: "f" })).toMatchObject({
      code: "forbidden",
    });
  });

  test("is refused over HTTP, whatever the path", async () => {
    await repository("http");
    const { url } = await startHttp(store);
    const remote = await connect(transports.http(url), "a");
    expect(await refusal(remote, "attach_artifact", { task_id: "http", name: "n", path: "notes.md" })).toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("content_base64"),
    });
  });
});

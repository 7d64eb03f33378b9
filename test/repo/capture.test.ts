import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { rmSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { freshRepo, GIT, NEEDS_GIT } from "../support/git-repo.ts";
import { captured, drifted } from "../support/repo-reader.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe.skipIf(GIT === null)(`a capture${NEEDS_GIT}`, () => {
  test("holds branch, HEAD and remote, and no file where all is committed", async () => {
    const repo = freshRepo();
    repo.git("remote", "add", "origin", "https://user:secret@host.example/app.git");
    expect(await captured(repo.path)).toEqual({
      remote: "https://host.example/app.git",
      branch: "main",
      head: repo.git("rev-parse", "HEAD"),
      files: [],
    });
  });

  test("holds every file that differs from HEAD, tracked ones first, by size and hash", async () => {
    const repo = freshRepo({ "changed.txt": "1", "gone.txt": "1", "kept.txt": "1", "staged.txt": "1" });
    repo.write(".gitignore", "*.log\n");
    repo.write("changed.txt", "22");
    repo.write("added.txt", "new");
    repo.write("staged.txt", "333");
    repo.git("add", "added.txt", "staged.txt");
    repo.write("noise.log", "ignored");
    repo.write("a/untracked.txt", "u");
    rmSync(join(repo.path, "gone.txt"));
    expect((await captured(repo.path)).files).toEqual([
      { path: "added.txt", status: "added", size: 3, sha256: sha256("new") },
      { path: "changed.txt", status: "modified", size: 2, sha256: sha256("22") },
      { path: "gone.txt", status: "deleted" },
      { path: "staged.txt", status: "modified", size: 3, sha256: sha256("333") },
      { path: ".gitignore", status: "untracked", size: 6, sha256: sha256("*.log\n") },
      { path: "a/untracked.txt", status: "untracked", size: 1, sha256: sha256("u") },
    ]);
  });

  test("finds a change that leaves size and time as they were", async () => {
    const repo = freshRepo({ "a.txt": "one\n" });
    const [past, file] = [new Date("2020-01-01"), join(repo.path, "a.txt")];
    utimesSync(file, past, past);
    repo.git("update-index", "--refresh");
    expect((await captured(repo.path)).files).toEqual([]);
    repo.write("a.txt", "two\n");
    utimesSync(file, past, past);
    expect((await captured(repo.path)).files).toHaveLength(1);
  });

  test("does not take a file for changed that was only touched", async () => {
    const repo = freshRepo();
    utimesSync(join(repo.path, "a.txt"), new Date(), new Date());
    expect((await captured(repo.path)).files).toEqual([]);
  });

  test("does not take files for changed that filters store otherwise", async () => {
    const repo = freshRepo();
    repo.git("config", "core.autocrlf", "true");
    repo.write("crlf.txt", "one\r\ntwo\r\n");
    const content = "large\n";
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256(content)}\nsize ${content.length}\n`;
    repo.git("config", "filter.lfs.clean", `printf %s '${pointer}'`);
    repo.write(".gitattributes", "*.bin filter=lfs -text\n");
    repo.write("large.bin", content);
    repo.git("add", "-A");
    repo.git("commit", "-qm", "filtered");
    expect((await captured(repo.path)).files).toEqual([]);
    for (const name of ["crlf.txt", "large.bin"]) {
      utimesSync(join(repo.path, name), new Date(), new Date());
    }
    expect((await captured(repo.path)).files).toEqual([]);
    repo.write("crlf.txt", "one\r\nthree\r\n");
    expect((await captured(repo.path)).files.map(({ path }) => path)).toEqual(["crlf.txt"]);
  });

  test("knows files beyond 1 MiB, and beyond the two hundredth, by size and time", async () => {
    const repo = freshRepo();
    repo.write("0-large.bin", new Uint8Array(1024 * 1024 + 1));
    for (let index = 100; index < 400; index++) {
      repo.write(`many/${index}.txt`, "x");
    }
    const { files, partial } = await captured(repo.path);
    expect(partial).toBeUndefined();
    expect(files).toHaveLength(301);
    expect(files[0]).toEqual({
      path: "0-large.bin",
      status: "untracked",
      size: 1024 * 1024 + 1,
      mtime: expect.any(Number),
    });
    expect(files.filter(({ sha256 }) => sha256 !== undefined)).toHaveLength(199);
  });

  test("says so when it cannot list every file", async () => {
    const repo = freshRepo();
    for (let index = 0; index < 700; index++) {
      repo.write(`many/${index}.txt`, "x");
    }
    const state = await captured(repo.path);
    expect(state.files).toHaveLength(500);
    expect(state.partial).toBe("untracked");
    repo.write("a.txt", "changed\n");
    repo.write("many/new.txt", "x");
    expect(await drifted(repo.path, state)).toEqual([
      { kind: "file_changed", path: "a.txt", now: "modified" },
      { kind: "incomplete", reason: "the checkpoint's capture does not hold every changed file" },
    ]);
  });
});

describe.skipIf(GIT === null)(`drift${NEEDS_GIT}`, () => {
  test("is none on an unchanged repository with changes of every kind", async () => {
    const repo = freshRepo();
    repo.write("a.txt", "changed\n");
    repo.write("new.txt", "new\n");
    symlinkSync("nowhere", join(repo.path, "link"));
    rmSync(join(repo.path, "src/b.txt"));
    expect(await drifted(repo.path, await captured(repo.path))).toEqual([]);
  });

  test("is a branch switched, a HEAD moved, a file changed again, put back, gone, and new", async () => {
    const repo = freshRepo({ "again.txt": "1", "back.txt": "1", "clean.txt": "1" });
    for (const name of ["again.txt", "back.txt", "gone.txt"]) {
      repo.write(name, "2");
    }
    const then = await captured(repo.path);
    const old = repo.git("rev-parse", "HEAD");
    repo.git("checkout", "-q", "-b", "feature");
    repo.git("commit", "-q", "--allow-empty", "-m", "second");
    repo.write("again.txt", "3");
    repo.git("checkout", "--", "back.txt");
    rmSync(join(repo.path, "gone.txt"));
    repo.write("clean.txt", "2");
    repo.write("new.txt", "1");
    expect(await drifted(repo.path, then)).toEqual([
      { kind: "branch", old: "main", new: "feature" },
      { kind: "head", old, new: repo.git("rev-parse", "HEAD") },
      { kind: "file_changed", path: "again.txt", now: "modified" },
      { kind: "file_changed", path: "back.txt", now: "committed" },
      { kind: "file_missing", path: "gone.txt" },
      { kind: "file_changed", path: "clean.txt", now: "modified" },
      { kind: "file_new", path: "new.txt", now: "untracked" },
    ]);
  });

  test("is the HEAD alone when what was changed was committed as it was", async () => {
    const repo = freshRepo();
    repo.write("a.txt", "changed\n");
    repo.write("new.txt", "new\n");
    const then = await captured(repo.path);
    repo.git("add", "-A");
    repo.git("commit", "-qm", "second");
    expect((await drifted(repo.path, then)).map(({ kind }) => kind)).toEqual(["head"]);
  });

  test("of concurrent calls is told to each", async () => {
    const repo = freshRepo();
    const then = await captured(repo.path);
    repo.write("a.txt", "changed\n");
    const reports = await Promise.all(Array.from({ length: 20 }, () => drifted(repo.path, then)));
    expect(new Set(reports.map((report) => JSON.stringify(report)))).toEqual(
      new Set([JSON.stringify([{ kind: "file_changed", path: "a.txt", now: "modified" }])]),
    );
  });
});

import { describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rawName, toldName } from "../../src/repo/file-name.ts";
import { temporaryFolder } from "../support/folder.ts";
import { freshRepo, GIT, NEEDS_GIT, repoAt } from "../support/git-repo.ts";
import { captured, drifted, readerWith, refused } from "../support/repo-reader.ts";

const mkfifo = (path: string) => Bun.spawnSync(["mkfifo", path]);

describe.skipIf(GIT === null || process.platform === "win32")(`odd repositories${NEEDS_GIT}`, () => {
  test("a detached HEAD has no branch, a fresh repository no HEAD", async () => {
    const repo = freshRepo();
    const then = await captured(repo.path);
    repo.git("checkout", "-q", "--detach");
    expect(await drifted(repo.path, then)).toEqual([{ kind: "branch", old: "main" }]);
    const unborn = repoAt(join(temporaryFolder(), "unborn"));
    unborn.git("init", "-q", "-b", "main");
    unborn.write("a.txt", "a\n");
    unborn.write("b.txt", "b\n");
    unborn.git("add", "a.txt");
    expect(await captured(unborn.path)).toMatchObject({
      branch: "main",
      files: [
        { path: "a.txt", status: "added" },
        { path: "b.txt", status: "untracked" },
      ],
    });
  });

  test("a repository in SHA-256", async () => {
    const repo = repoAt(join(temporaryFolder(), "sha256"));
    repo.git("init", "-q", "-b", "main", "--object-format=sha256");
    repo.write("a.txt", "a\n");
    repo.git("add", "-A");
    repo.git("commit", "-qm", "first");
    utimesSync(join(repo.path, "a.txt"), new Date(), new Date());
    const state = await captured(repo.path);
    expect(state.head).toHaveLength(64);
    expect(state.files).toEqual([]);
  });

  test("a sparse checkout misses nothing that it leaves out", async () => {
    const repo = freshRepo({ "in/a.txt": "a\n", "out/b.txt": "b\n" });
    repo.git("sparse-checkout", "set", "in");
    expect((await captured(repo.path)).files).toEqual([]);
    rmSync(join(repo.path, "in/a.txt"));
    expect((await captured(repo.path)).files).toEqual([{ path: "in/a.txt", status: "deleted" }]);
  });

  test("an unfinished merge", async () => {
    const repo = freshRepo();
    repo.git("checkout", "-q", "-b", "side");
    repo.write("a.txt", "side\n");
    repo.git("commit", "-qam", "side");
    repo.git("checkout", "-q", "main");
    repo.write("a.txt", "main\n");
    repo.git("commit", "-qam", "main");
    expect(() => repo.git("merge", "side")).toThrow();
    expect((await captured(repo.path)).files).toMatchObject([{ path: "a.txt", status: "conflicted" }]);
  });

  test("links are known by their text, and nothing is read from pipes, folders and submodules", async () => {
    const repo = freshRepo({ "a.txt": "a\n", "b.txt": "b\n", "c.txt": "c\n" });
    symlinkSync("/etc/passwd", join(repo.path, "link"));
    mkfifo(join(repo.path, "untracked-pipe"));
    for (const name of ["a.txt", "b.txt"]) {
      rmSync(join(repo.path, name));
    }
    mkfifo(join(repo.path, "a.txt"));
    mkdirSync(join(repo.path, "b.txt"));
    const inner = repoAt(join(repo.path, "inner"));
    inner.git("init", "-q");
    const state = await captured(repo.path);
    expect(state.files).toEqual([
      { path: "a.txt", status: "modified" },
      { path: "b.txt", status: "deleted" },
      { path: "inner/", status: "untracked" },
      {
        path: "link",
        status: "untracked",
        size: 11,
        link: true,
        sha256: new Bun.CryptoHasher("sha256").update("/etc/passwd").digest("hex"),
      },
    ]);
    expect(await drifted(repo.path, state)).toEqual([]);
    rmSync(join(repo.path, "link"));
    symlinkSync("/etc/shadow", join(repo.path, "link"));
    expect(await drifted(repo.path, state)).toEqual([{ kind: "file_changed", path: "link", now: "untracked" }]);
  });

  test("names that are no plain text are told quoted, and found again", async () => {
    const repo = freshRepo();
    const names = [
      "new\nline",
      'quo"te',
      "back\\slash",
      "tab\t",
      "caf\u00e9",
      " space ",
      "\u202egnp.exe",
      "-rf",
      "é/ü",
    ];
    for (const name of names) {
      repo.write(name, "1");
    }
    const raw = Buffer.concat([Buffer.from(`${repo.path}/`), Buffer.from("latin-\xe9", "latin1")]);
    const isBytes = process.platform === "linux";
    if (isBytes) {
      writeFileSync(raw, "1");
    }
    const state = await captured(repo.path);
    expect(state.files.map(({ path }) => path).toSorted()).toEqual(
      [
        ...['"new\\012line"', '"quo\\"te"', '"back\\\\slash"', '"tab\\011"', "café", " space ", "-rf", "é/ü"],
        '"\\342\\200\\256gnp.exe"',
        ...(isBytes ? ['"latin-\\351"'] : []),
      ].toSorted(),
    );
    expect(state.files.every(({ sha256 }) => sha256 !== undefined)).toBe(true);
    expect(await drifted(repo.path, state)).toEqual([]);
    repo.write("new\nline", "2");
    expect(await drifted(repo.path, state)).toEqual([
      { kind: "file_changed", path: '"new\\012line"', now: "untracked" },
    ]);
  });

  test("ten thousand files, one of which is changed", async () => {
    const repo = freshRepo(
      Object.fromEntries(
        Array.from({ length: 10_000 }, (_, index) => [`d${index % 100}/f${index}.txt`, `${index % 100}\n`]),
      ),
    );
    const then = await captured(repo.path);
    expect(then.files).toEqual([]);
    repo.write("d42/f4242.txt", "x\n");
    expect(await drifted(repo.path, then)).toEqual([{ kind: "file_changed", path: "d42/f4242.txt", now: "modified" }]);
    // A copy, of which no file's stat is known: git has not looked at it yet, and all cannot be read.
    const copy = join(temporaryFolder(), "copy");
    Bun.spawnSync(["cp", "-r", repo.path, copy]);
    const state = await captured(copy);
    expect(state.partial).toBe("files");
    expect(state.head).toBe(then.head ?? "");
  });
});

describe.skipIf(GIT === null || process.platform === "win32")(`a repository that does not answer${NEEDS_GIT}`, () => {
  test("by a pipe in the place of its index is not asked", async () => {
    const repo = freshRepo();
    rmSync(join(repo.path, ".git/index"));
    mkfifo(join(repo.path, ".git/index"));
    expect(await refused(repo.path)).toBe("its index is no regular file");
  });

  test("by a pipe in the place of its HEAD or its configuration is given up after 2 s", async () => {
    for (const name of ["HEAD", "config"]) {
      const repo = freshRepo();
      const file = join(repo.path, ".git", name);
      renameSync(file, `${file}.old`);
      mkfifo(file);
      expect(await refused(repo.path)).toMatch(/did not answer within 2 s$|^git cannot read it$/);
    }
  });

  test("in time with all its files is captured without them", async () => {
    const repo = freshRepo();
    mkfifo(join(repo.path, "src", ".gitignore"));
    const state = await captured(repo.path);
    expect(state).toMatchObject({ branch: "main", files: [] });
  });

  test("because git is slow is given up after 2 s, and what was started is ended", async () => {
    const [folder, repo] = [temporaryFolder(), freshRepo()];
    writeFileSync(
      join(folder, "git"),
      `#!/bin/sh\necho $$ >> '${folder}/pids'\n${Bun.which("sleep")} 600 &\necho $! >> '${folder}/pids'\nwait\n`,
      {
        mode: 0o755,
      },
    );
    expect(await refused(repo.path, readerWith(folder))).toBe("git or the file system did not answer within 2 s");
    const pids = (await Bun.file(join(folder, "pids")).text()).trim().split("\n").map(Number);
    expect(pids.length).toBeGreaterThan(4);
    const running = () => pids.filter((pid) => isRunning(pid));
    while (running().length > 0) {
      await Bun.sleep(5);
    }
  });
});

function isRunning(pid: number): boolean {
  const state = Bun.spawnSync(["ps", "-o", "stat=", "-p", `${pid}`])
    .stdout.toString()
    .trim();
  return state !== "" && !state.startsWith("Z");
}

describe("a name as it is told", () => {
  test.each(["a", "a b", 'a"b', "\\", '"', "\xff\xfe", "\n", "\xc3\xa9", "\xe2\x80\xae", '"\\012"', "\x7f"])(
    "%j is found again",
    (raw) => {
      expect(rawName(toldName(raw))).toBe(raw);
      expect(toldName(raw)).toMatch(/^[^\p{C}]*$/u);
    },
  );
});

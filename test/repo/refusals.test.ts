import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
import { findGits } from "../../src/repo/git.ts";
import { temporaryFolder } from "../support/folder.ts";
import { freshRepo, GIT, NEEDS_GIT } from "../support/git-repo.ts";
import { captured, readerWith, refused } from "../support/repo-reader.ts";

describe.skipIf(GIT === null || process.platform === "win32")(`no capture is made${NEEDS_GIT}`, () => {
  test("of what is no git work tree, and says why", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "file"), "");
    const bare = freshRepo();
    bare.git("clone", "-q", "--bare", ".", join(folder, "bare.git"));
    mkdirSync(join(folder, "linked"));
    symlinkSync(join(bare.path, ".git"), join(folder, "linked", ".git"));
    expect(await refused(relative(process.cwd(), bare.path))).toBe("repo_path is not absolute");
    expect(await refused(join(folder, "missing"))).toBe("there is no folder at repo_path");
    for (const path of [folder, join(folder, "file"), join(folder, "bare.git"), join(folder, "linked")]) {
      expect(await refused(path)).toBe("repo_path is not the top of a git work tree");
    }
    expect(await refused(join(bare.path, "src"))).toBe("repo_path is not the top of a git work tree");
    for (const path of ["/", homedir(), dirname(homedir())]) {
      expect(await refused(path)).toBe("repo_path is the home folder or above it");
    }
  });

  test("of an empty .git, though a folder above is a repository", async () => {
    const repo = freshRepo();
    mkdirSync(join(repo.path, "inner", ".git"), { recursive: true });
    expect(await refused(join(repo.path, "inner"))).toBe("git cannot read it");
  });

  test("without git", async () => {
    expect(await refused(freshRepo().path, readerWith(temporaryFolder()))).toBe(
      "git is not installed, or not on the PATH",
    );
  });

  test("with a git from the current folder, or from a project's packages", async () => {
    const folder = temporaryFolder();
    const places = ["plain", "node_modules/.bin"].map((name) => join(folder, name));
    for (const place of places) {
      mkdirSync(place, { recursive: true });
      writeFileSync(join(place, "git"), "", { mode: 0o755 });
    }
    const [plain = "", packages = ""] = places;
    expect(await findGits([plain, packages].join(delimiter))).toEqual([join(plain, "git")]);
    expect(await findGits([relative(process.cwd(), plain), ".", ""].join(delimiter))).toEqual([]);
  });

  test.skipIf(process.geteuid?.() !== 0)("of another user's repository (needs root)", async () => {
    const repo = freshRepo();
    Bun.spawnSync(["chown", "-R", "12345", repo.path]);
    expect(await refused(repo.path)).toBe("it belongs to another user");
  });

  test("of files that may not be read, which are not taken for missing", async () => {
    const repo = freshRepo();
    chmodSync(join(repo.path, "src"), 0o000);
    const state = await captured(repo.path);
    chmodSync(join(repo.path, "src"), 0o700);
    expect(state.files).toEqual([]);
    expect(state.partial).toBe(process.geteuid?.() === 0 ? undefined : "files");
  });
});

import { describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/folder.ts";
import { freshRepo, GIT, NEEDS_GIT, repoAt } from "../support/git-repo.ts";
import { captured, drifted, readerWith, refused } from "../support/repo-reader.ts";
import { trappedRepo, type } from "../support/trapped-repo.ts";
import { TRAPS } from "../support/traps.ts";

describe.skipIf(GIT === null || process.platform === "win32")(`a repository runs nothing by${NEEDS_GIT}`, () => {
  test.each(Object.entries(TRAPS).map(([name, { control }]) => ({ name, control })))(
    "$name",
    async ({ name, control }) => {
      const repo = trappedRepo([name]);
      const reader = readerWith(repo.searchPath);
      const then = await captured(repo.path, reader);
      repo.write("a.txt", "changed again\n");
      expect((await drifted(repo.path, then, reader)).length).toBeGreaterThan(0);
      expect(repo.sprung()).toEqual([]);
      // The trap is one: whoever types this falls for it.
      if (control !== undefined) {
        type(repo, control);
        expect(repo.sprung()).toEqual([name]);
      }
    },
  );
});

describe.skipIf(GIT === null)(`a repository cannot lead elsewhere${NEEDS_GIT}`, () => {
  test("by core.worktree", async () => {
    const [repo, other] = [freshRepo(), freshRepo()];
    other.write("secret.txt", "secret");
    repo.git("config", "core.worktree", other.path);
    expect(await refused(repo.path)).toBe("its core.worktree leads elsewhere");
  });

  test("by a .git file to a repository that does not lead back", async () => {
    const [other, folder] = [freshRepo(), temporaryFolder()];
    writeFileSync(join(folder, ".git"), `gitdir: ${other.path}/.git\n`);
    expect(await refused(folder)).toBe("its .git file leads to a folder that does not lead back");
    writeFileSync(join(folder, ".git"), "gitdir: /nowhere/.git\n");
    expect(await refused(folder)).toBe("its .git file leads nowhere");
  });

  test("by a commondir to another repository", async () => {
    const [repo, other] = [freshRepo(), freshRepo()];
    writeFileSync(join(repo.path, ".git", "commondir"), `${other.path}/.git\n`);
    expect(await refused(repo.path)).toBe("its .git folder leads elsewhere");
  });

  test("by names in its index that lead out of it, or to git's own files", async () => {
    const repo = freshRepo();
    writeFileSync(join(repo.path, "..", "outside"), "secret");
    const names = ["../outside", ".git/config", "/etc/hostname", "src/../../outside"];
    // git refuses such names: names of the same length are put into an index without a valid checksum.
    const blob = repo.git("rev-parse", "HEAD:a.txt");
    const stand = names.map((name, index) => `${index}${"x".repeat(name.length - 1)}`);
    for (const name of stand) {
      repo.git("update-index", "--add", "--cacheinfo", `100644,${blob},${name}`);
    }
    const index = join(repo.path, ".git", "index");
    let text = Buffer.from(await Bun.file(index).bytes()).toString("latin1");
    for (const [at, name] of stand.entries()) {
      text = text.replace(name, names[at] ?? "");
    }
    const changed = Buffer.from(text, "latin1");
    const checksum = new Bun.CryptoHasher("sha1").update(changed.subarray(0, -20)).digest();
    writeFileSync(index, Buffer.concat([changed.subarray(0, -20), checksum]));
    expect(repo.git("ls-files").split("\n")).toEqual(expect.arrayContaining(names));
    const { files } = await captured(repo.path);
    expect(
      files
        .filter(({ path }) => names.includes(path))
        .every(({ size, sha256 }) => size === undefined && sha256 === undefined),
    ).toBe(true);
  });

  test("by a link in the place of a folder, or of a file", async () => {
    const repo = freshRepo({ "a.txt": "a\n", "src/b.txt": "b\n" });
    const outside = temporaryFolder();
    mkdirSync(join(outside, "src"));
    writeFileSync(join(outside, "src", "b.txt"), "secret");
    type(repo, `rm -r src a.txt; ln -s ${outside}/src src; ln -s ${outside}/src/b.txt a.txt`);
    const { files } = await captured(repo.path);
    const secret = new Bun.CryptoHasher("sha256").update("secret").digest("hex");
    expect(files.map(({ path, status, link }) => ({ path, status, link }))).toEqual([
      { path: "a.txt", status: "modified", link: true },
      { path: "src/b.txt", status: "deleted", link: undefined },
      { path: "src", status: "untracked", link: true },
    ]);
    expect(JSON.stringify(files)).not.toContain(secret);
  });

  test("by configuration and exclude files outside of it", async () => {
    const [repo, outside] = [freshRepo(), temporaryFolder()];
    writeFileSync(join(outside, "exclude"), "*\n");
    writeFileSync(join(outside, "config"), "no configuration at all [\n");
    repo.git("config", "core.excludesFile", join(outside, "exclude"));
    repo.write("new.txt", "new");
    expect((await captured(repo.path)).files.map(({ path }) => path)).toEqual(["new.txt"]);
    repo.git("config", "include.path", join(outside, "config"));
    expect(await refused(repo.path)).toBe("git cannot read it");
  });

  test("but its own linked work trees and submodules are read", async () => {
    const repo = freshRepo();
    repo.git("worktree", "add", "-q", "-b", "side", "../side");
    const side = repoAt(join(repo.path, "..", "side"));
    side.write("a.txt", "changed\n");
    expect(await captured(side.path)).toMatchObject({ branch: "side", files: [{ path: "a.txt", status: "modified" }] });
    const source = freshRepo();
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", source.path, "inner");
    expect(await captured(join(repo.path, "inner"))).toMatchObject({ branch: "main", remote: source.path, files: [] });
    const moved = join(temporaryFolder(), "copy");
    cpSync(join(repo.path, "inner"), moved, { recursive: true });
    expect(await refused(moved)).toStartWith("its .git file leads");
  });
});

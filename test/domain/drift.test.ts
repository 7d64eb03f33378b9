import { describe, expect, test } from "bun:test";
import { compareRepo, type FileState, type RepoState } from "../../src/domain/drift.ts";

const A = "a".repeat(40);
const B = "b".repeat(40);
const THEN: RepoState = { remote: "https://host/app", branch: "main", head: A, files: [] };

const file = (path: string, sha256: string, status: FileState["status"] = "modified"): FileState => ({
  path,
  status,
  size: 1,
  sha256,
});
const withFiles = (...files: FileState[]): RepoState => ({ ...THEN, files });

describe("the drift of a repository", () => {
  test("is empty where nothing changed", () => {
    const state = withFiles(file("a", "1"), { path: "gone", status: "deleted" });
    expect(compareRepo(state, structuredClone(state))).toEqual([]);
  });

  test("names remote, branch and HEAD before and after, in this order", () => {
    const now = { remote: "https://host/fork", branch: "feature", head: B, files: [] };
    expect(compareRepo(THEN, now)).toEqual([
      { kind: "remote", old: "https://host/app", new: "https://host/fork" },
      { kind: "branch", old: "main", new: "feature" },
      { kind: "head", old: A, new: B },
    ]);
  });

  test("names no branch where HEAD is detached, and no HEAD before the first commit", () => {
    expect(compareRepo(THEN, { head: A, files: [], remote: "https://host/app" })).toEqual([
      { kind: "branch", old: "main", new: undefined },
    ]);
    expect(compareRepo({ branch: "main", files: [] }, { branch: "main", head: A, files: [] })).toEqual([
      { kind: "head", old: undefined, new: A },
    ]);
  });

  test("is a file whose content is another one, and how it stands to HEAD now", () => {
    const then = withFiles(file("a", "1"), file("b", "1"), file("c", "1", "untracked"));
    const now = withFiles(file("a", "2"), file("b", "2", "committed"), file("c", "2", "untracked"));
    expect(compareRepo(then, now)).toEqual([
      { kind: "file_changed", path: "a", now: "modified" },
      { kind: "file_changed", path: "b", now: "committed" },
      { kind: "file_changed", path: "c", now: "untracked" },
    ]);
  });

  test("is not a file that was committed, staged or untracked as it was", () => {
    const then = withFiles(file("a", "1"), file("b", "1", "untracked"), file("c", "1", "added"));
    const now = withFiles(file("a", "1", "committed"), file("b", "1", "added"), file("c", "1", "untracked"));
    expect(compareRepo(then, now)).toEqual([]);
  });

  test("is a file that is gone, and one that is back", () => {
    const then = withFiles(file("a", "1"), { path: "b", status: "deleted" }, { path: "c", status: "deleted" });
    const now = withFiles({ path: "a", status: "deleted" }, file("b", "1", "committed"), {
      path: "c",
      status: "deleted",
    });
    expect(compareRepo(then, now)).toEqual([
      { kind: "file_missing", path: "a" },
      { kind: "file_changed", path: "b", now: "committed" },
    ]);
  });

  test("is a file that had not been changed then, or was not there", () => {
    const now = withFiles(file("a", "1"), file("b", "1", "untracked"), { path: "c", status: "deleted" });
    expect(compareRepo(THEN, now)).toEqual([
      { kind: "file_changed", path: "a", now: "modified" },
      { kind: "file_new", path: "b", now: "untracked" },
      { kind: "file_missing", path: "c" },
    ]);
  });

  test("is a link in the place of a file of the same bytes", () => {
    const then = withFiles(file("a", "1"));
    expect(compareRepo(then, withFiles({ ...file("a", "1"), link: true }))).toHaveLength(1);
  });

  test("is, of a file too large to hash, another size or time", () => {
    const large = (size: number, mtime: number) => withFiles({ path: "a", status: "modified", size, mtime });
    expect(compareRepo(large(9, 5), large(9, 5))).toEqual([]);
    expect(compareRepo(large(9, 5), large(9, 6))).toHaveLength(1);
    expect(compareRepo(large(9, 5), large(8, 5))).toHaveLength(1);
  });
});

describe("what could not be looked at", () => {
  test("is no difference, and that it could not is said", () => {
    const then = withFiles(file("a", "1"), file("b", "1"));
    const now = withFiles({ path: "b", status: "modified", size: 1, mtime: 5 });
    expect(compareRepo(then, now)).toEqual([{ kind: "incomplete", reason: "not every file could be looked at now" }]);
    expect(compareRepo(THEN, { ...THEN, partial: "files" })).toEqual([
      { kind: "incomplete", reason: "not every file could be looked at now" },
    ]);
  });

  test("at the checkpoint makes no news of files that it does not list", () => {
    const incomplete = {
      kind: "incomplete" as const,
      reason: "the checkpoint's capture does not hold every changed file",
    };
    const now = withFiles(file("a", "1"), file("b", "1", "untracked"), file("c", "1", "added"));
    expect(compareRepo({ ...THEN, partial: "files" }, now)).toEqual([incomplete]);
    expect(compareRepo({ ...THEN, partial: "untracked" }, now)).toEqual([
      { kind: "file_changed", path: "a", now: "modified" },
      incomplete,
    ]);
  });
});

describe("an answer", () => {
  test("tells twenty differences one by one, and the number of the others", () => {
    const now = withFiles(...Array.from({ length: 50 }, (_, index) => file(`f${index}`, "1")));
    const drift = compareRepo({ ...THEN, branch: "other" }, now);
    expect(drift).toHaveLength(21);
    expect(drift[0]?.kind).toBe("branch");
    expect(drift.at(-1)).toEqual({ kind: "more", count: 31 });
  });

  test("stays short however long the paths are", () => {
    const now = withFiles(...Array.from({ length: 50 }, (_, index) => file(`${index}${"𝒂/".repeat(2000)}`, "1")));
    const text = JSON.stringify(compareRepo(THEN, now));
    expect(text.length).toBeLessThan(8000);
    expect(text).toBe(text.toWellFormed());
  });
});

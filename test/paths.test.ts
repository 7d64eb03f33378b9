import { describe, expect, test } from "bun:test";
import { dirname, resolve } from "node:path";
import fc from "fast-check";
import { folderOf, resolvePath } from "../src/paths.ts";

const part = fc.oneof(fc.constantFrom("", ".", "..", "...", ".a", "a.", "~", "a b", "ä", "\n"), fc.string());
const path = fc.tuple(fc.boolean(), fc.array(part)).map(([rooted, parts]) => (rooted ? "/" : "") + parts.join("/"));

describe.skipIf(process.platform === "win32")("paths without node:path", () => {
  test("resolve as node:path resolves", () => {
    fc.assert(fc.property(path, path, (base, given) => resolvePath(`/${base}`, given) === resolve(`/${base}`, given)));
    fc.assert(
      fc.property(path, path, (base, given) => resolvePath(base || ".", given) === resolve(base || ".", given)),
    );
  });

  test("lie in the folder that node:path tells", () => {
    fc.assert(fc.property(path, (file) => folderOf(file) === dirname(file)));
    expect(["/tasks.db", "/a/tasks.db", "/", "tasks.db"].map(folderOf)).toEqual(["/", "/a", "/", "."]);
  });
});

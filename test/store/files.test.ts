import { describe, expect, test } from "bun:test";
import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  realpathSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { demandAccess, fileSystemOf, find, headOf, realPath } from "../../src/store/files.ts";
import { temporaryFolder } from "../support/folder.ts";

/** Whatever may stand at a path. */
function places() {
  const folder = temporaryFolder();
  const at = (name: string) => join(folder, name);
  writeFileSync(at("file"), "SQLite");
  writeFileSync(at("späße 🎉"), "");
  mkdirSync(at("folder"), { mode: 0o750 });
  chmodSync(at("file"), 0o4640);
  symlinkSync("folder/../file", at("link"));
  symlinkSync("nowhere", at("broken link"));
  symlinkSync("loop", at("loop"));
  return [
    "file",
    "späße 🎉",
    "folder",
    "link",
    "broken link",
    "loop",
    "absent",
    "file/below",
    "folder/.",
    `${"x".repeat(300)}`,
    "file\0",
  ]
    .map(at)
    .concat("/", "/proc/self/exe", "/proc/version", "/sys/kernel/uevent_seqnum", "", "relative");
}

/** What a function answers, or the code of what it throws. */
function outcome<T>(ask: () => T): unknown {
  try {
    return ask();
  } catch (error) {
    return Object(error).code ?? error;
  }
}

/** The same asked of both, for every place. */
function same(ours: (path: string) => unknown, nodes: (path: string) => unknown): void {
  for (const path of places()) {
    expect({ path, outcome: outcome(() => ours(path)) }).toEqual({ path, outcome: outcome(() => nodes(path)) });
  }
}

describe("the file system, asked without node:fs", () => {
  test("tells what stands at a path, or throws, as node:fs does", () => {
    same(find, (path) => {
      const found = statSync(path, { throwIfNoEntry: false });
      return (
        found && {
          folder: found.isDirectory(),
          mode: found.mode,
          uid: found.uid,
          size: found.size,
          identity: `${found.dev} ${found.ino}`,
        }
      );
    });
  });

  test("follows links", () => same(realPath, realpathSync));

  test.skipIf(process.platform !== "linux")("numbers file systems", () =>
    same(fileSystemOf, (path) => statfsSync(path).type),
  );

  test("demands what writing takes", () => {
    const { R_OK, W_OK, X_OK } = constants;
    same(
      (path) => demandAccess(path, { folder: false }),
      (path) => void accessSync(path, R_OK | W_OK),
    );
    same(
      (path) => demandAccess(path, { folder: true }),
      (path) => void accessSync(path, W_OK | X_OK),
    );
  });

  test("reads the head of a file, zeros where it is shorter; of none that cannot be read", () => {
    const [file = "", , folder = "", , , , absent = ""] = places();
    expect(Buffer.from(headOf(file, 8)).toString()).toBe("SQLite\0\0");
    expect(Buffer.from(headOf(file, 3)).toString()).toBe("SQL");
    expect(outcome(() => headOf(folder, 8))).toBe("EISDIR");
    expect(outcome(() => headOf(absent, 8))).toBe("ENOENT");
  });
});

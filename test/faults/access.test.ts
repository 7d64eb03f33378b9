import { describe, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { remoteRefusal } from "../../src/store/sqlite/file-system.ts";
import { temporaryFolder } from "../support/folder.ts";
import { EXECUTABLE } from "../support/server.ts";

const isPosix = process.platform !== "win32";

/** Serves nobody: opens the store and ends. */
function start(flags: readonly string[], prefix: readonly string[] = []) {
  const { exitCode, stderr } = Bun.spawnSync([...prefix, EXECUTABLE, ...flags], { stdin: "ignore", timeout: 30_000 });
  return { exitCode, stderr: stderr.toString() };
}

/** A store that was served once, in folders of its own. */
function usedStore() {
  const folder = join(temporaryFolder(), "data");
  const store = { db: join(folder, "tasks.db"), artifacts: join(folder, "artifacts") };
  const flags = ["--db", store.db, "--artifacts", store.artifacts];
  expect(start(flags)).toEqual({ exitCode: 0, stderr: "" });
  mkdirSync(store.artifacts, { mode: 0o700 });
  return { ...store, folder, flags };
}

const PLACES: [string, (store: ReturnType<typeof usedStore>) => string][] = [
  ["database", ({ db }) => db],
  ["database's folder", ({ folder }) => folder],
  ["artifacts folder", ({ artifacts }) => artifacts],
];

describe.skipIf(!isPosix)("who else may write", () => {
  test.each(PLACES)("every user, to the %s: the start is refused with 78, and says what mends it", (_, place) => {
    const store = usedStore();
    const loose = place(store);
    chmodSync(loose, 0o707);
    const { exitCode, stderr } = start(store.flags);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 78,
      stderr: expect.stringContaining(`every user of this machine may write to ${loose} (\`chmod o-w\``),
    });
    chmodSync(loose, 0o700);
    expect(start(store.flags)).toEqual({ exitCode: 0, stderr: "" });
  });

  test("every user, with the sticky bit, to the folder of a database yet to be made: refused, and nothing is made", () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o1777);
    expect(start(["--db", join(folder, "tasks.db")]).exitCode).toBe(78);
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each(PLACES)("a group, to the %s: it is served, with a warning", (_, place) => {
    const store = usedStore();
    const loose = place(store);
    chmodSync(loose, 0o770);
    const { exitCode, stderr } = start(store.flags);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stderr)).toMatchObject({
      level: "warn",
      msg: expect.stringContaining(`a whole group may write to ${loose}`),
    });
  });

  test.skipIf(process.getuid?.() !== 0)(
    "another user, whose file it is (as root): it is served, with a warning",
    () => {
      const store = usedStore();
      chownSync(store.db, 65534, 65534);
      const { exitCode, stderr } = start(store.flags);
      expect(exitCode).toBe(0);
      expect(JSON.parse(stderr)).toMatchObject({
        level: "warn",
        msg: expect.stringContaining("belongs to another user (id 65534)"),
      });
    },
  );
});

/** As the kernel writes it: the first eight bytes of `struct statfs`. */
const FILE_SYSTEMS: [string, string][] = [
  ["NFS", "6969000000000000"],
  ["SMB 2", "424d53fe00000000"],
  ["SMB (CIFS)", "424d53ff00000000"],
  ["FUSE", "4655736500000000"],
  ["9P", "9719020100000000"],
];

describe.skipIf(Bun.which("strace") === null)("a file system that others stand behind (strace)", () => {
  test.each(FILE_SYSTEMS)("%s is refused with 78 and its name, and no database is made", (name, bytes) => {
    const db = join(temporaryFolder(), "tasks.db");
    const trace = join(temporaryFolder(), "trace");
    const poke = ["strace", "-f", "-o", trace, "-e", "trace=statfs", "-e", `inject=statfs:poke_exit=@arg2=${bytes}`];
    const { exitCode, stderr } = start(["--db", db], poke);
    expect({ exitCode, named: stderr.includes(`network or user-space file system (${name})`) }).toEqual({
      exitCode: 78,
      named: true,
    });
    expect(readdirSync(dirname(db))).toEqual([]);
  });
});

test("a local file system is not refused", () => {
  expect(remoteRefusal(temporaryFolder())).toBeUndefined();
});

import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/folder.ts";
import { freshStore } from "../support/server.ts";
import { injected, runUnder } from "./injected.ts";
import { problemsOf } from "./ledger.ts";

/**
 * Which calls fail in CI; the long setting, `FAILING_CALLS=200 bun test --timeout 3600000 test/faults/failing-disk.test.ts`,
 * takes each of the first 200 writes and 30 syncs. The first 90 or so writes are those of the start.
 */
const LONG = Number(Bun.env["FAILING_CALLS"] ?? 0);
const upTo = (most: number) => Array.from({ length: most }, (_, index) => index + 1);
const WRITES = LONG > 0 ? upTo(LONG) : [3, 95, 140];
const SYNCS = LONG > 0 ? upTo(Math.ceil(LONG * 0.15)) : [2, 7, 11];
const CALLS = 30;
const hasStrace = Bun.which("strace") !== null;

const siteOf = (flags: string[]) => ({ db: flags[1] ?? "", artifacts: flags[3] ?? "" });
const trace = () => join(temporaryFolder(), "trace");

/** Whatever the fault was, nothing acknowledged is missing, and the next start finds everything in order. */
async function expectSound(flags: string[], acknowledged: Parameters<typeof problemsOf>[1]): Promise<void> {
  expect(problemsOf(siteOf(flags), acknowledged)).toEqual([]);
  const { exitCode, refused } = await runUnder([], flags, 9, "again");
  expect({ exitCode, refused }).toEqual({ exitCode: 0, refused: [] });
}

describe.skipIf(!hasStrace)("a disk that fails (strace)", () => {
  // Quota and full disk are told by the same call, and so are an I/O error and a file system that became read-only.
  test.each(WRITES.flatMap((n) => ["EIO", "ENOSPC"].map((error) => ({ n, error }))))(
    "at write $n with $error, once: that write is refused by a code, all others are kept",
    async ({ n, error }) => {
      const flags = freshStore();
      const { served, acknowledged, refused, unread, exitCode } = await runUnder(
        injected("pwrite64", error, `${n}`, trace()),
        flags,
        CALLS,
      );
      expect(unread).toBe(0);
      expect(refused.filter((code) => code === "internal")).toEqual([]);
      // Within the start the whole start is refused.
      expect(exitCode).toBe(served ? 0 : 78);
      await expectSound(flags, acknowledged);
    },
    120_000,
  );

  test.each(
    WRITES.flatMap((n) => ["EIO", "ENOSPC", "EDQUOT", "EROFS"].map((error) => ({ n, error }))).filter(
      (_, index) => index % 2 === 0 || LONG > 0,
    ),
  )(
    "from write $n on with $error: writes are refused by a code, reads go on, nothing acknowledged is missing",
    async ({ n, error }) => {
      const flags = freshStore();
      const { served, acknowledged, recovered, unread, exitCode } = await runUnder(
        injected("pwrite64", error, `${n}+`, trace()),
        flags,
        CALLS,
      );
      expect({ recovered, unread, exitCode }).toEqual({
        recovered: 0,
        unread: 0,
        exitCode: served ? 0 : 78,
      });
      await expectSound(flags, acknowledged);
    },
    120_000,
  );

  test.each(SYNCS.map((n) => ({ n })))(
    "whose syncs fail from the $n. on ends the server: nobody is told that such a write is kept",
    async ({ n }) => {
      const flags = freshStore();
      const { served, acknowledged, recovered, exitCode, stderr } = await runUnder(
        injected("fsync", "EIO", `${n}+`, trace()),
        flags,
        CALLS,
      );
      expect(recovered).toBe(0);
      expect({ exitCode, told: /could not make a write durable|Cannot open database/.test(stderr) }).toEqual({
        exitCode: served ? 1 : 78,
        told: true,
      });
      await expectSound(flags, acknowledged);
    },
    120_000,
  );

  test("that cannot make an artifact's name durable ends the server, and no row tells of that artifact", async () => {
    const flags = freshStore();
    const { artifacts } = siteOf(flags);
    mkdirSync(artifacts, { mode: 0o700 });
    const failing = [...injected("fsync", "EIO", "1+", trace()), "-P", artifacts];
    const { acknowledged, exitCode, stderr } = await runUnder(failing, flags, CALLS);
    expect(acknowledged.map(({ call }) => call.name)).not.toContain("attach_artifact");
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringContaining("could not make a write durable"),
    });
    await expectSound(flags, acknowledged);
  });
});

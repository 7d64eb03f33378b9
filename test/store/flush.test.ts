import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { flushedMeanwhile } from "../../src/store/flush.ts";
import { temporaryFolder } from "../support/folder.ts";

/** Keeps the event loop as SQLite does: a flush is due after 50 ms. */
async function busily(): Promise<void> {
  Bun.sleepSync(300);
}

test("what a long write has written is flushed while it goes on, and what a flush fails with fails it", async () => {
  // The null device is no file that could be flushed.
  await expect(flushedMeanwhile("/dev/null", busily)).rejects.toMatchObject({ code: "EINVAL" });
  const path = join(temporaryFolder(), "file");
  writeFileSync(path, "content");
  await flushedMeanwhile(path, busily);
});

test("what the write itself fails with is thrown", async () => {
  const path = join(temporaryFolder(), "file");
  writeFileSync(path, "");
  const failing = () => Promise.reject(new Error("mine"));
  await expect(flushedMeanwhile(path, failing)).rejects.toThrow("mine");
});

import { afterAll } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A fresh folder, removed when the test file is done. */
export function temporaryFolder(parent = tmpdir()): string {
  const folder = mkdtempSync(join(parent, "mcp-task-server-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A fresh folder in memory, where the system has such: for what is written often and need not last. */
export function memoryFolder(): string {
  return temporaryFolder(existsSync("/dev/shm") ? "/dev/shm" : undefined);
}

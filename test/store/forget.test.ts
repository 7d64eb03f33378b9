import { expect, test } from "bun:test";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openArtifactFolder } from "../../src/store/artifact-folder.ts";
import { hashOf } from "../../src/store/artifacts.ts";
import { bundleLines } from "../../src/store/sqlite/export.ts";
import { forget } from "../../src/store/sqlite/forget.ts";
import { importInto } from "../../src/store/sqlite/import.ts";
import { openDatabase, openStore } from "../../src/store/sqlite/open.ts";
import { temporaryFolder } from "../support/folder.ts";
import { attach, create } from "./commands.ts";

const BYTES = Buffer.from("the same bytes");

/** A store with two tasks, of which one has an artifact, or with none. */
async function stage({ empty = false } = {}) {
  const folder = temporaryFolder();
  const path = join(folder, "tasks.db");
  const store = await openStore(path, { now: () => ({ wall: 0, uptime: 0 }), onOutdated: () => undefined });
  const artifacts = openArtifactFolder(join(folder, "artifacts"));
  const sha256 = hashOf(BYTES);
  if (!empty) {
    await create(store, { task_id: "leaky" });
    await create(store, { task_id: "other" });
    await artifacts.keep(BYTES);
    await attach(store, "leaky", { artifact_id: "a1", name: "n", sha256, size: BYTES.length });
  }
  const { db } = await openDatabase(path);
  return { store, artifacts, db, sha256, listed: async () => (await artifacts.list()).map((file) => file.sha256) };
}

test("forget leaves the bytes that another process has kept, and is about to attach to another task", async () => {
  const { store, artifacts, db, sha256, listed } = await stage();
  let looks = 0;
  const watched = {
    ...artifacts,
    async discard(...args: Parameters<typeof artifacts.discard>) {
      const found = await artifacts.discard(...args);
      if (looks++ === 0) {
        // It has kept them before, and writes their row only now.
        await attach(store, "other", { artifact_id: "a2", name: "n", sha256 });
      }
      return found;
    },
  };
  expect(await forget(db, watched, "leaky", Date.now)).toMatchObject({ found: true, artifacts: 0, held: 0 });
  expect(looks).toBe(1);
  expect(await listed()).toEqual([sha256]);
  expect(String((await artifacts.read({ sha256, size: BYTES.length })).bytes)).toBe("the same bytes");
  db.close();
  await store.close();
});

test("an import keeps anew the bytes that were taken for left over before it had written their rows", async () => {
  const from = await stage();
  const bundle = join(temporaryFolder(), "bundle");
  writeFileSync(bundle, (await Array.fromAsync(bundleLines(from.db, from.artifacts))).join(""));
  const { db, store, artifacts, sha256, listed } = await stage({ empty: true });
  const swept = {
    ...artifacts,
    async keep(bytes: Uint8Array) {
      const kept = await artifacts.keep(bytes);
      if (db.query("SELECT 1 FROM artifacts").get() === null) {
        expect(await artifacts.discard(kept, Date.now() + 60_000, false)).toBe(bytes.length);
      }
      return kept;
    },
  };
  const file = openSync(bundle, "r");
  await importInto(db, swept, file, { now: () => ({ wall: 0, uptime: 0 }), token: () => "token" });
  closeSync(file);
  expect(await listed()).toEqual([sha256]);
  for (const one of [from, { db, store }]) {
    one.db.close();
    await one.store.close();
  }
});

test("forget waits until nobody can be about to attach the same bytes, and says so where they are kept again and again", async () => {
  const { store, artifacts, db, sha256, listed } = await stage();
  // Ten seconds a look.
  let looks = 0;
  const later = () => Date.now() + 10_000 * looks++;
  const keeping = {
    ...artifacts,
    async discard(...args: Parameters<typeof artifacts.discard>) {
      return args[2] ? undefined : ("young" as const);
    },
  };
  expect(await forget(db, keeping, "leaky", later)).toMatchObject({ found: true, artifacts: 0, held: 1, young: 0 });
  expect(looks).toBeGreaterThan(3);
  expect(await listed()).toEqual([sha256]);
  await attach(store, "other", { artifact_id: "a2", name: "n", sha256 });
  looks = 0;
  expect(await forget(db, artifacts, "other", later)).toMatchObject({ found: true, artifacts: 1, held: 0, young: 0 });
  expect(await listed()).toEqual([]);
  db.close();
  await store.close();
});

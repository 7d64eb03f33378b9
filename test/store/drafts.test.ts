import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { draftOf, forgetDraft, removeLeftDrafts } from "../../src/store/drafts.ts";
import { temporaryFolder } from "../support/folder.ts";

test("drafts of dead writers are removed; those of living ones, and of writers that cannot be asked, are left for an hour", async () => {
  const folder = temporaryFolder();
  const shelf = join(folder, "ab");
  mkdirSync(shelf);
  const artifact = join(shelf, `ab${"0".repeat(62)}`);
  const living = Bun.spawn(["sleep", "60"]);
  const dead = Bun.spawn(["true"]);
  await dead.exited;
  const by = (pid: number) => {
    const draft = draftOf(artifact);
    forgetDraft(draft);
    return draft.replace(`-${process.pid}.`, `-${pid}.`);
  };
  const elsewhere = () => by(1).replace(/\.[0-9a-f]{12}-/, ".000000000000-");
  const [long, mine] = [new Date(performance.timeOrigin - 2 * 3_600_000), draftOf(artifact)];
  const kept = [
    artifact,
    mine,
    by(living.pid),
    elsewhere(),
    `${artifact}.${crypto.randomUUID()}.part`,
    join(shelf, "notes.part"),
  ];
  const removed = [by(dead.pid), by(process.pid)];
  const old = [elsewhere(), `${artifact}.${crypto.randomUUID()}.part`];
  for (const path of [...kept, ...removed, ...old]) {
    writeFileSync(path, "half");
  }
  for (const path of old) {
    utimesSync(path, long, long);
  }
  await removeLeftDrafts(folder);
  living.kill();
  forgetDraft(mine);
  expect(readdirSync(shelf).sort()).toEqual(kept.map((path) => basename(path)).sort());
});

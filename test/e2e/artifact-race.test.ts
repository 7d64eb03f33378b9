import { expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/folder.ts";
import { call, connect, freshStore, transports } from "../support/server.ts";

/** How often a file is read while it is swapped; `RACE_ROUNDS=1000` is the long setting. */
const ROUNDS = Number(Bun.env["RACE_ROUNDS"] ?? 300);

test("attach_artifact by path reads nothing outside while somebody swaps files and folders for links", async () => {
  const root = join(temporaryFolder(), "repo");
  mkdirSync(join(root, ".git"), { recursive: true });
  const client = await connect(transports.stdio(freshStore()), "a");
  await call(client, "create_task", { task_id: "t", title: "T", goal: "G", repo_path: root });
  const outside = temporaryFolder();
  writeFileSync(join(outside, "f"), "secret");
  const [file, folder] = [join(root, "f"), join(root, "d")];
  const steps = [
    () => symlinkSync(join(outside, "f"), `${file}.new`),
    () => renameSync(`${file}.new`, file),
    () => rmSync(folder, { recursive: true, force: true }),
    () => symlinkSync(outside, folder),
    () => writeFileSync(`${file}.new`, "public"),
    () => renameSync(`${file}.new`, file),
    () => rmSync(folder),
    () => mkdirSync(folder),
    () => writeFileSync(`${folder}.new`, "public"),
    () => renameSync(`${folder}.new`, join(folder, "f")),
  ];
  let over = false;
  const swapping = (async () => {
    while (!over) {
      for (const step of steps) {
        step();
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  })();
  const hashes = new Set<unknown>();
  for (let n = 0; n < ROUNDS; n++) {
    const args = { task_id: "t", name: "n", path: n % 2 === 0 ? "f" : "d/f" };
    const { structuredContent, content, isError } = await client.callTool({
      name: "attach_artifact",
      arguments: args,
    });
    if (isError === true) {
      expect(JSON.stringify(content)).toMatch(/forbidden|not_found/);
    } else {
      hashes.add(Object(structuredContent).sha256);
    }
  }
  over = true;
  await swapping;
  expect(hashes).toEqual(new Set([Bun.SHA256.hash("public", "hex")]));
});

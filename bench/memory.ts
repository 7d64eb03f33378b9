// How much memory a 10 MiB artifact takes on its way in and out, over stdio. By hand: `bun run build && bun bench/memory.ts`.
// Over many calls: the long setting of test/e2e/memory.test.ts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ARTIFACT_BYTES } from "../src/domain/artifact.ts";
import { residentOf } from "../test/support/resident.ts";
import { startClient } from "./stdio-client.ts";

const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

await artifact();

/** Peaks of one server each: what one way costs would hide what the next does. */
async function artifact(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bench-memory-"));
  Bun.spawnSync(["git", "init", "--quiet", folder]);
  const text = "0123456789abcdef".repeat(ARTIFACT_BYTES / 16 - 1);
  await Bun.write(join(folder, "file.log"), text);
  const bytes = Buffer.alloc(ARTIFACT_BYTES - 1, Bun.hash(text).toString());
  const ways: readonly [name: string, kind: string, args: object][] = [
    ["content", "attach_artifact", { content: text }],
    ["content_base64", "attach_artifact", { content_base64: bytes.toString("base64") }],
    ["path", "attach_artifact", { path: "file.log" }],
    ["ranges", "get_artifact", {}],
    ["resources/read", "read", {}],
  ];
  const db = join(folder, "tasks.db");
  for (const [name, kind, args] of ways) {
    const client = startClient(db);
    await client.call("create_task", { task_id: "t", title: "T", goal: "G", repo_path: folder });
    const before = residentOf(client.pid).now;
    if (kind === "attach_artifact") {
      await client.call(kind, { task_id: "t", agent: "a", name, ...args });
    } else if (kind === "get_artifact") {
      for (let offset: unknown = 0; offset !== undefined; ) {
        offset = (await client.call(kind, { task_id: "t", artifact: "path", offset, limit: ARTIFACT_BYTES })).answer[
          "next_offset"
        ];
      }
    } else {
      await client.ask("resources/read", { uri: "task://t/artifacts/content_base64" });
    }
    const { peak } = residentOf(client.pid);
    const more = (peak - before) / ARTIFACT_BYTES;
    console.error(`${name}: ${mib(before)} before, at most ${mib(peak)}: ${more.toFixed(1)} times the artifact more`);
    await client.end();
  }
  rmSync(folder, { recursive: true });
}

// How much memory a 10 MiB artifact takes on its way in and out, over stdio: medians of five servers each, as what one way
// costs would hide what the next does. By hand, on Linux: `bun run build && bun bench/memory.ts`. Other transports:
// test/e2e/large-artifacts.test.ts; over many calls: the long setting of test/e2e/memory.test.ts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ARTIFACT_BYTES } from "../src/domain/artifact.ts";
import { peakOf } from "../test/support/resident.ts";
import { startClient } from "./stdio-client.ts";

type Client = ReturnType<typeof startClient>;

const ROUNDS = 5;
const LINE = "all work and no play makes Jack a dull boy, he said again\n";
const CONTENTS = {
  plain: Buffer.alloc(ARTIFACT_BYTES, LINE),
  // One character that is not of Latin-1, and the whole has two bytes a character in memory.
  wide: Buffer.concat([Buffer.from("€"), Buffer.alloc(ARTIFACT_BYTES - 3, LINE)]),
  binary: Buffer.alloc(ARTIFACT_BYTES, Buffer.from([0, 255, 1, 254, 7])),
};

const folder = mkdtempSync(join(tmpdir(), "bench-memory-"));
Bun.spawnSync(["git", "init", "--quiet", folder]);
const db = join(folder, "tasks.db");
await withClient(async (client) => {
  await client.call("create_task", { task_id: "t", title: "T", goal: "G", repo_path: folder });
  for (const [name, bytes] of Object.entries(CONTENTS)) {
    await Bun.write(join(folder, name), bytes);
    await attach(client, name, { path: name });
  }
});
for (const [name, bytes] of Object.entries(CONTENTS)) {
  if (name !== "binary") {
    await measure(`content, ${name}`, (client) => attach(client, "again", { content: fresh(bytes).toString() }));
  }
  await measure(`content_base64, ${name}`, (client) =>
    attach(client, "again", { content_base64: fresh(bytes).toString("base64") }),
  );
  await measure(`path, ${name}`, async (client) => {
    await Bun.write(join(folder, "again"), fresh(bytes));
    await attach(client, "again", { path: "again" });
  });
  await measure(`get_artifact, ${name}, in all its ranges`, async (client) => {
    for (let offset: unknown = 0; offset !== undefined; ) {
      const { answer } = await client.call("get_artifact", { task_id: "t", artifact: name, offset });
      offset = answer["next_offset"];
    }
  });
  await measure(`resources/read, ${name}`, (client) =>
    client.ask("resources/read", { uri: `task://t/artifacts/${name}` }),
  );
}
rmSync(folder, { recursive: true });

async function withClient<T>(act: (client: Client) => Promise<T>): Promise<T> {
  const client = startClient(db);
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}

function attach(client: Client, name: string, args: object) {
  return client.call("attach_artifact", { task_id: "t", agent: "a", name, ...args });
}

/** Other bytes each time: what is there already is not written again. */
function fresh(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.write(`${performance.now()}`.padEnd(20, "0"), 100);
  return copy;
}

async function measure(name: string, act: (client: Client) => Promise<unknown>): Promise<void> {
  const peaks: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await withClient(async (client) => {
      await attach(client, "small", { content: "small" });
      await client.ask("resources/read", { uri: "task://t/artifacts/small" });
      peaks.push(await peakOf(client.pid, () => act(client)));
    });
  }
  const [low, , median = Number.NaN, , high] = peaks
    .sort((one, other) => one - other)
    .map((peak) => peak / ARTIFACT_BYTES);
  console.error(`${name}: ${median.toFixed(2)} times the artifact (${low?.toFixed(2)}–${high?.toFixed(2)})`);
}

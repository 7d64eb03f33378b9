import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./folder.ts";
import { MEMORY_LANES, type MemoryLane } from "./memory-lanes.ts";
import { freshStore } from "./server.ts";

/** As large as an artifact may be, in bytes. */
export const ARTIFACT_BYTES: number = 10 * 1024 * 1024;

const LINE = "all work and no play makes Jack a dull boy, he said again\n";

/** Artifacts by what their bytes cost: text has one or two bytes a character in memory, whatever it has on disk. */
export const LARGE: Readonly<Record<string, Buffer>> = {
  "plain text": Buffer.alloc(ARTIFACT_BYTES, LINE),
  "text with a € in it": Buffer.concat([Buffer.from("€"), Buffer.alloc(ARTIFACT_BYTES - 3, LINE)]),
  "no text": Buffer.alloc(ARTIFACT_BYTES, Buffer.from([0, 255, 1, 254, 7])),
};

/** One way of an artifact in or out; what is `local` is for stdio alone. */
export interface Way {
  name: string;
  local?: boolean;
  run(lane: MemoryLane): Promise<unknown>;
}

/** A store with a task that has each large artifact, under its name. */
export interface LargeStore {
  flags: readonly string[];
  ways: readonly Way[];
}

/** Waits for an answer, which is to hold `wanted`. */
async function succeeded(calling: Promise<unknown>, wanted: string): Promise<void> {
  const answer = JSON.stringify(await calling);
  if (!answer.includes(wanted)) {
    throw new Error(`${wanted} is not in ${answer.slice(0, 2000)}`);
  }
}

/** Makes the store, and what is to be measured on it. */
export async function openLargeStore(): Promise<LargeStore> {
  const flags = freshStore();
  const root = join(temporaryFolder(), "repo");
  mkdirSync(join(root, ".git"), { recursive: true });
  const first = await MEMORY_LANES["stdio, 2026-07-28"]?.(flags);
  if (first === undefined) {
    throw new Error("there is no lane");
  }
  await first.call("create_task", { task_id: "t", title: "T", goal: "G", repo_path: root });
  const ways: Way[] = [];
  for (const [what, bytes] of Object.entries(LARGE)) {
    writeFileSync(join(root, what), bytes);
    await succeeded(first.call("attach_artifact", { task_id: "t", name: what, path: what }), "sha256");
    ways.push(...waysOf(what, bytes, root));
  }
  await first.end();
  return { flags, ways };
}

function waysOf(what: string, original: Buffer, root: string): Way[] {
  let number = 10;
  /** Attaches other bytes each time: what is there already is not written again. */
  const attach = (argsOf: (bytes: Buffer) => Record<string, unknown>) => async (lane: MemoryLane) => {
    const bytes = Buffer.from(original);
    bytes.write(`${number++}`, 100);
    const args = { task_id: "t", agent: "a", name: `${what} again`, ...argsOf(bytes) };
    await succeeded(lane.call("attach_artifact", args), Bun.SHA256.hash(bytes, "hex"));
  };
  const toFile = (bytes: Buffer) => {
    const path = `${what} ${number}`;
    writeFileSync(join(root, path), bytes);
    return { path };
  };
  return [
    ...(what === "no text" ? [] : [{ name: `content, ${what}`, run: attach((bytes) => ({ content: `${bytes}` })) }]),
    { name: `content_base64, ${what}`, run: attach((bytes) => ({ content_base64: bytes.toString("base64") })) },
    { name: `path, ${what}`, local: true, run: attach(toFile) },
    {
      name: `get_artifact, ${what}`,
      async run(lane) {
        for (let offset = 0; offset < ARTIFACT_BYTES; offset += 2 ** 20) {
          const args = { task_id: "t", artifact: what, offset, limit: ARTIFACT_BYTES };
          await succeeded(lane.call("get_artifact", args), "next_offset");
        }
      },
    },
    { name: `resources/read, ${what}`, run: (lane) => lane.read(`task://t/artifacts/${encodeURIComponent(what)}`) },
  ];
}

/** Starts a server on the store, which has done each thing once in small. */
export async function openWarm(lane: string, { flags }: LargeStore): Promise<MemoryLane> {
  const opened = await MEMORY_LANES[lane]?.(flags);
  if (opened === undefined) {
    throw new Error(`there is no lane ${lane}`);
  }
  const small = { task_id: "t", agent: "a", name: "small" };
  await opened.call("attach_artifact", { ...small, content: "small" });
  await opened.call("attach_artifact", { ...small, content_base64: "c21hbGw=" });
  await opened.call("get_artifact", { task_id: "t", artifact: "small" });
  await opened.read("task://t/artifacts/small");
  return opened;
}

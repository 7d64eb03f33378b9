import { connect, startHttp } from "../support/http.ts";
import { callOf, type Era } from "../support/messages.ts";
import { memoryOf } from "../support/process.ts";
import { resultOf, startStdio } from "../support/stdio.ts";
import { type FreshStore, storeWith } from "../support/store.ts";
import type { Group, Workshop } from "../support/workshop.ts";
import { sessionBytes, stateless } from "./http.ts";

const FIRST = 1000;

/** Memory after the first calls and after all, in bytes. */
interface Growth {
  front: string;
  first: number;
  last: number;
}

/** Whether a server grows by serving, on each transport and front. */
export const memory: Group = async (workshop) => {
  const store = await storeWith(workshop, ["t"]);
  const fronts = [
    await onStdio(workshop, store, "stateless"),
    await onStdio(workshop, store, "session"),
    await onHttp(workshop, store, "stateless"),
    await onHttp(workshop, store, "session"),
  ];
  const growth = ({ first, last }: Growth) => last / first;
  const note = fronts
    .map(({ front, first, last }) => `${front} ${megabytes(first)} → ${megabytes(last)} MB`)
    .join(", ");
  const [plain] = fronts;
  return [
    { id: "memory.growth", value: Math.max(...fronts.map(growth)), note },
    { id: "memory.size", value: (plain?.last ?? Number.NaN) / 1e6, note: `${workshop.plan.memoryCalls} calls` },
  ];
};

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);

async function onStdio({ executable, plan, tell }: Workshop, { flags }: FreshStore, era: Era): Promise<Growth> {
  const server = startStdio([executable, ...flags]);
  if (era === "session") {
    await server.initialize();
  }
  const message = callOf(era, "get_task", { task_id: "t" });
  const call = async () => void resultOf(await server.request(message));
  const growth = await grow(`stdio ${era}`, server.pid, call, { plan, tell });
  await server.end();
  return growth;
}

async function onHttp({ executable, plan, tell }: Workshop, { flags }: FreshStore, era: Era): Promise<Growth> {
  const server = await startHttp([executable, "--http", "--port", "0", ...flags]);
  const message = callOf(era, "get_task", { task_id: "t" });
  const bytes = era === "session" ? await sessionBytes(server.url, message) : stateless(server.url, message);
  const { hostname, port } = new URL(server.url);
  const connection = await connect(hostname, Number(port));
  const growth = await grow(`HTTP ${era}`, server.pid, () => connection.exchange(bytes), { plan, tell });
  connection.end();
  await server.end();
  return growth;
}

async function grow(
  front: string,
  pid: number,
  call: () => Promise<unknown>,
  { plan, tell }: Pick<Workshop, "plan" | "tell">,
): Promise<Growth> {
  let first = Number.NaN;
  for (let n = 1; n <= plan.memoryCalls; n++) {
    await call();
    if (n === FIRST) {
      first = memoryOf(pid);
    }
    if (n % FIRST === 0) {
      tell(`memory, ${front}: ${n} calls`);
    }
  }
  return { front, first, last: memoryOf(pid) };
}

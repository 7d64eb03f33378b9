import type { Message } from "../support/messages.ts";
import { quantile, summary } from "../support/statistics.ts";
import { type StdioServer, startStdio } from "../support/stdio.ts";
import { saveOf, storeWith } from "../support/store.ts";
import type { Group } from "../support/workshop.ts";

const PROCESSES = 8;
const ROUNDS = 3;

/** What one process did: its waits in milliseconds, and how many calls failed. */
interface Work {
  waits: number[];
  errors: number;
}

/** Several processes that write to one store, as fast as each can, against one that does. */
export const processes: Group = async (workshop) => {
  const { processesMs, mode } = workshop.plan;
  const tasks = Array.from({ length: PROCESSES }, (_, n) => `t${n}`);
  const { flags } = await storeWith(workshop, tasks);
  const servers = tasks.map(() => startStdio([workshop.executable, ...flags]));
  const [totals, waits, fair]: [number[], number[], number[]] = [[], [], []];
  let errors = 0;
  for (let round = 0; round < (mode === "full" ? ROUNDS : 1); round++) {
    workshop.tell(`processes: round ${round + 1}`);
    const alone = await write(servers.slice(0, 1), tasks, processesMs);
    const all = await write(servers, tasks, processesMs);
    const counts = all.map((work) => work.waits.length);
    totals.push(sum(counts) / sum(alone.map((work) => work.waits.length)));
    waits.push(Math.max(...all.flatMap((work) => work.waits)));
    fair.push(Math.min(...counts) / Math.max(...counts));
    errors += sum([...alone, ...all].map((work) => work.errors));
  }
  await Promise.all(servers.map((server) => server.end()));
  return [
    { id: "processes.errors", value: errors },
    { id: "processes.total", ...summary(totals) },
    { id: "processes.wait", value: quantile(waits, 1), note: "the longest of all rounds" },
    { id: "processes.fair", ...summary(fair) },
  ];
};

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

function write(servers: readonly StdioServer[], tasks: readonly string[], forMs: number): Promise<Work[]> {
  const started = performance.now();
  return Promise.all(
    servers.map(async (server, index) => {
      const work: Work = { waits: [], errors: 0 };
      while (performance.now() - started < forMs) {
        const sent = performance.now();
        const answer = await server.request(saveOf(tasks[index] ?? "", sent));
        work.waits.push(performance.now() - sent);
        work.errors += isError(answer) ? 1 : 0;
      }
      return work;
    }),
  );
}

const isError = ({ error, result }: Message) => error !== undefined || Object(result).isError === true;

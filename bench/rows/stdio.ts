import { callOf, type Era } from "../support/messages.ts";
import { interleave, quantile, ratios, summary } from "../support/statistics.ts";
import { resultOf, type StdioServer, startStdio } from "../support/stdio.ts";
import { saveOf, storeWith } from "../support/store.ts";
import type { Group, Workshop } from "../support/workshop.ts";

/** Reads and durable writes over stdio, one at a time and pipelined. */
export const stdio: Group = async (workshop) => [await reads(workshop), ...(await writes(workshop))];

async function reads(workshop: Workshop) {
  const { flags, database } = await storeWith(workshop, ["t"]);
  const ours = startStdio([workshop.executable, ...flags]);
  const sdk = startStdio([workshop.programs.sdk, database]);
  await sdk.initialize();
  const { calls, rounds } = workshop.plan;
  const taken = await interleave(
    rounds,
    { ours: () => readTime(ours, "stateless", calls), sdk: () => readTime(sdk, "session", calls) },
    (done, of) => workshop.tell(`stdio, reads: ${done} of ${of}`),
  );
  await Promise.all([ours.end(), sdk.end()]);
  const [a, b] = [quantile(taken.ours, 0.5), quantile(taken.sdk, 0.5)].map((ms) => `${(1000 * ms).toFixed(0)} µs`);
  return { id: "stdio.get" as const, ...summary(ratios(taken.ours, taken.sdk)), note: `${a} against ${b}` };
}

/** The median time of one get_task, in milliseconds. */
async function readTime(server: StdioServer, era: Era, calls: number): Promise<number> {
  const message = callOf(era, "get_task", { task_id: "t" });
  const times: number[] = [];
  for (let call = 0; call < calls; call++) {
    const started = performance.now();
    resultOf(await server.request(message));
    times.push(performance.now() - started);
  }
  return quantile(times, 0.5);
}

async function writes(workshop: Workshop) {
  const { flags } = await storeWith(workshop, ["t"]);
  const raw = await storeWith(workshop, ["t"]);
  const server = startStdio([workshop.executable, ...flags]);
  const { calls, burst, rounds } = workshop.plan;
  let n = 0;
  const taken = await interleave(
    rounds,
    {
      raw: () => rawRate(workshop, raw.database, calls),
      alone: async () => {
        const started = performance.now();
        for (let call = 0; call < calls; call++) {
          resultOf(await server.request(saveOf("t", ++n)));
        }
        return (1000 * calls) / (performance.now() - started);
      },
      pipelined: async () => {
        const messages = Array.from({ length: burst }, () => saveOf("t", ++n));
        const started = performance.now();
        (await server.burst(messages)).forEach(resultOf);
        return (1000 * burst) / (performance.now() - started);
      },
    },
    (done, of) => workshop.tell(`stdio, durable writes: ${done} of ${of}`),
  );
  await server.end();
  const note = (rates: readonly number[]) =>
    `${quantile(rates, 0.5).toFixed(0)} against ${quantile(taken.raw, 0.5).toFixed(0)} a second`;
  return [
    { id: "stdio.save" as const, ...summary(ratios(taken.alone, taken.raw)), note: note(taken.alone) },
    { id: "stdio.pipelined" as const, ...summary(ratios(taken.pipelined, taken.raw)), note: note(taken.pipelined) },
  ];
}

/** Checkpoints a second that raw bun:sqlite writes. */
async function rawRate({ programs }: Workshop, database: string, count: number): Promise<number> {
  const child = Bun.spawn([programs.writes, database, `${count}`], { stdout: "pipe", stderr: "inherit" });
  return (1000 * count) / Number(await new Response(child.stdout).text());
}

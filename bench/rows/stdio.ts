import { type BlockingServer, startBlocking } from "../support/blocking.ts";
import { callOf, type Era, initializeOf } from "../support/messages.ts";
import { interleave, quantile, ratios, summary } from "../support/statistics.ts";
import { resultOf, startStdio } from "../support/stdio.ts";
import { saveOf, storeWith } from "../support/store.ts";
import type { Group, Workshop } from "../support/workshop.ts";

/** Reads and durable writes over stdio, one at a time and pipelined. */
export const stdio: Group = async (workshop) => [await reads(workshop), ...(await writes(workshop))];

async function reads(workshop: Workshop) {
  const { flags, database } = await storeWith(workshop, ["t"]);
  const start = (...command: string[]) => startBlocking(workshop.folder(), command);
  const ours = start(workshop.executable, ...flags);
  const [sdk, bare] = [start(workshop.programs.sdk, database), start(workshop.programs.sdk, database, "bare")];
  sdk.request(initializeOf());
  bare.request(initializeOf());
  const { calls, rounds } = workshop.plan;
  const taken = await interleave(
    rounds,
    {
      ours: async () => readTime(ours, "stateless", calls),
      sdk: async () => readTime(sdk, "session", calls),
      bare: async () => readTime(bare, "session", calls),
    },
    (done, of) => workshop.tell(`stdio, reads: ${done} of ${of}`),
  );
  await Promise.all([ours.end(), sdk.end(), bare.end()]);
  const [a, b, c] = [taken.ours, taken.sdk, taken.bare].map((ms) => `${(1000 * quantile(ms, 0.5)).toFixed(0)} µs`);
  const note = `${a} against ${b}; ${c} where the SDK reads the store and nothing else is done`;
  return { id: "stdio.get" as const, ...summary(ratios(taken.ours, taken.sdk)), note };
}

/** The median time of one get_task, in milliseconds. */
function readTime(server: BlockingServer, era: Era, calls: number): number {
  const message = callOf(era, "get_task", { task_id: "t" });
  const times: number[] = [];
  for (let call = 0; call < calls; call++) {
    const started = performance.now();
    resultOf(server.request(message));
    times.push(performance.now() - started);
  }
  return quantile(times, 0.5);
}

async function writes(workshop: Workshop) {
  const { flags } = await storeWith(workshop, ["t"]);
  const raw = await storeWith(workshop, ["t"]);
  const command = [workshop.executable, ...flags];
  const [patient, hasty] = [startBlocking(workshop.folder(), command), startStdio(command)];
  const { calls, burst, rounds } = workshop.plan;
  let n = 0;
  const taken = await interleave(
    rounds,
    {
      raw: () => rawRate(workshop, raw.database, calls),
      alone: async () => {
        const started = performance.now();
        for (let call = 0; call < calls; call++) {
          resultOf(patient.request(saveOf("t", ++n)));
        }
        return (1000 * calls) / (performance.now() - started);
      },
      pipelined: async () => {
        const messages = Array.from({ length: burst }, () => saveOf("t", ++n));
        const started = performance.now();
        (await hasty.burst(messages)).forEach(resultOf);
        return (1000 * burst) / (performance.now() - started);
      },
    },
    (done, of) => workshop.tell(`stdio, durable writes: ${done} of ${of}`),
  );
  await Promise.all([patient.end(), hasty.end()]);
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

import { initializeOf, type Message, requestOf } from "../support/messages.ts";
import { peakMemoryOf } from "../support/process.ts";
import { interleave, ratios, summary } from "../support/statistics.ts";
import type { StdioOptions } from "../support/stdio.ts";
import { storeWith } from "../support/store.ts";
import type { Group } from "../support/workshop.ts";

interface Start {
  /** From the spawn to the first answer, in milliseconds. */
  ms: number;
  /** Peak memory, in bytes. */
  memory: number;
}

/** How long a start takes, and how much memory, in both eras. The database exists and the page cache is warm. */
export const start: Group = async (workshop) => {
  const { flags, database } = await storeWith(workshop, ["t"]);
  const ours = [workshop.executable, ...flags];
  const memory: Record<"floor" | "initialize", number[]> = { floor: [], initialize: [] };
  const keep = async (name: keyof typeof memory, started: Promise<Start>) => {
    const { ms, memory: bytes } = await started;
    memory[name].push(bytes);
    return ms;
  };
  const taken = await interleave(
    workshop.plan.starts,
    {
      floor: () => keep("floor", startOnce([workshop.programs.floor, database], initializeOf())),
      discover: async () => (await startOnce(ours, requestOf("stateless", "server/discover"))).ms,
      initialize: () => keep("initialize", startOnce(ours, initializeOf())),
    },
    (done, of) => workshop.tell(`start: ${done} of ${of}`),
  );
  const [floor, discover, initialize] = [taken.floor, taken.discover, taken.initialize].map(summary);
  const note = (figure: typeof floor) => `${figure?.value.toFixed(1)} ms against ${floor?.value.toFixed(1)} ms`;
  return [
    { id: "start.discover", ...summary(ratios(taken.discover, taken.floor)), note: note(discover) },
    { id: "start.initialize", ...summary(ratios(taken.initialize, taken.floor)), note: note(initialize) },
    {
      id: "start.memory",
      ...summary(ratios(memory.initialize, memory.floor)),
      note: `${megabytes(memory.initialize)} against ${megabytes(memory.floor)}`,
    },
  ];
};

const megabytes = (bytes: readonly number[]) => `${(summary(bytes).value / 1e6).toFixed(1)} MB`;

/** Starts a server, measures its first answer and kills it. */
export async function startOnce(
  command: readonly string[],
  message: Message,
  options: StdioOptions = {},
): Promise<Start> {
  const line = `${JSON.stringify({ ...message, id: 1 })}\n`;
  const started = performance.now();
  const child = Bun.spawn([...command], { stdin: "pipe", stdout: "pipe", stderr: "ignore", ...options });
  child.stdin.write(line);
  void child.stdin.flush();
  const { value } = await child.stdout.getReader().read();
  const ms = performance.now() - started;
  const memory = peakMemoryOf(child.pid);
  child.kill("SIGKILL");
  await child.exited;
  if (!new TextDecoder().decode(value).includes('"result"')) {
    throw new Error(`${command[0]} answered ${new TextDecoder().decode(value)}`);
  }
  return { ms, memory };
}

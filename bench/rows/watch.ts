import { callOf, requestOf } from "../support/messages.ts";
import { processorTimeOf } from "../support/process.ts";
import { summary } from "../support/statistics.ts";
import { resultOf, startStdio } from "../support/stdio.ts";
import { storeWith } from "../support/store.ts";
import type { Group } from "../support/workshop.ts";

/** The longest pause between two changes, in milliseconds. */
const PAUSE_MS = 150;

/** How soon a client is told what another process has changed, counted from the writer's own answer, and what that costs. */
export const watch: Group = async ({ executable, plan, tell, ...workshop }) => {
  const { flags } = await storeWith({ executable, plan, tell, ...workshop }, ["t"]);
  const [listener, writer] = [startStdio([executable, ...flags]), startStdio([executable, ...flags])];
  await listener.initialize();
  resultOf(await listener.request(requestOf("session", "resources/subscribe", { uri: "task://t" })));
  let told: (at: number) => void = () => undefined;
  listener.onNotice(({ method }) => {
    if (method === "notifications/resources/updated") {
      told(performance.now());
    }
  });
  const delays: number[] = [];
  const started = performance.now();
  const before = processorTimeOf(listener.pid);
  for (let n = 0; performance.now() - started < plan.watchMs; n++) {
    tell(`watch: ${n} changes`);
    await Bun.sleep(Math.random() * PAUSE_MS);
    const notice = new Promise<number>((resolve) => {
      told = resolve;
    });
    resultOf(
      await writer.request(callOf("stateless", "update_task", { task_id: "t", agent: "bench", title: `T${n}` })),
    );
    const answered = performance.now();
    // Told before the writer was answered is told at once.
    delays.push(Math.max(0, (await notice) - answered));
  }
  const cpu = (100 * (processorTimeOf(listener.pid) - before)) / (performance.now() - started);
  await Promise.all([listener.end(), writer.end()]);
  return [
    { id: "watch.delay", ...summary(delays), note: `${delays.length} changes` },
    { id: "watch.cpu", value: cpu, note: "of the listening process, while changes come" },
  ];
};

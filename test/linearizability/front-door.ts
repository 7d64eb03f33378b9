import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { enveloped } from "../support/eras.ts";
import { callFor, refusalOf, stepsOf, type ToolCall } from "./calls.ts";
import { createDice } from "./dice.ts";
import type { TaskHistories } from "./history.ts";
import type { Recorded } from "./run.ts";
import type { Action, Step } from "./task-model.ts";

/** The executable as users get it. */
const EXECUTABLE = join(import.meta.dir, "..", "..", "dist", "mcp-task-server");

/** How many requests of one client are on their way at once. */
const PIPELINED = 3;

/** Work through the front door: one executable a client, on stdio, all on one store. */
export interface FrontDoorOptions {
  folder: string;
  clients: number;
  tasks: number;
  /** Of each client. */
  operations: number;
}

/** Lets clients of as many servers do everything to any task, and records what they are answered. */
export async function runFrontDoor({ folder, clients, tasks, operations }: FrontDoorOptions): Promise<Recorded> {
  mkdirSync(folder, { recursive: true });
  const servers = Array.from({ length: clients }, () => startClient(folder));
  for (let n = 0; n < tasks; n++) {
    await servers[0]?.call({ name: "create_task", arguments: { task_id: `task-${n}`, title: "Title", goal: "Goal" } });
  }
  const started = performance.now();
  const histories: TaskHistories = new Map();
  let busy = 0;
  const record = (task: string, steps: readonly Step[], start: number) => {
    const end = performance.now() - started;
    const known = histories.get(task) ?? [];
    histories.set(task, known);
    known.push(...steps.map((step) => ({ step, start, end })));
    busy += steps.length === 0 ? 1 : 0;
  };
  await Promise.all(
    servers.map(async ({ call }, me) => {
      const agent = `agent-${me}`;
      const dice = createDice(agent, { tasks, agents: clients });
      let begun = 0;
      const lane = async () => {
        while (begun < operations) {
          const { task = "", action } = dice.next();
          const start = performance.now() - started;
          const steps = await act(call, task, action, `${agent} ${++begun}`);
          record(task, steps, start);
          const [step] = steps;
          if (step !== undefined) {
            dice.heard(task, step);
          }
        }
      };
      await Promise.all(Array.from({ length: PIPELINED }, lane));
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  await Promise.all(servers.map(({ end }) => end()));
  return { histories, busy, seconds };
}

async function act(
  call: (call: ToolCall) => Promise<Answer>,
  task: string,
  action: Action,
  mark: string,
): Promise<readonly Step[]> {
  const { isError, content, structuredContent } = await call(callFor(task, action, mark));
  if (isError !== true) {
    return stepsOf(action, structuredContent);
  }
  const refusal = JSON.parse(content[0]?.text ?? "{}");
  return refusal.code === "busy" ? [] : [refusalOf(action, refusal)];
}

/** What `tools/call` answers. */
interface Answer {
  isError?: boolean;
  content: readonly { text: string }[];
  structuredContent: Readonly<Record<string, unknown>>;
}

function startClient(folder: string) {
  const process = Bun.spawn([EXECUTABLE, "--db", join(folder, "tasks.db"), "--artifacts", join(folder, "artifacts")], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
  });
  const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  const settle = (line: string) => {
    const { id, result, error } = JSON.parse(line);
    const asker = waiting.get(id);
    waiting.delete(id);
    result === undefined ? asker?.reject(new Error(JSON.stringify(error))) : asker?.resolve(result);
  };
  const reading = (async () => {
    let rest = "";
    for await (const chunk of process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      lines.forEach(settle);
    }
    for (const { reject } of waiting.values()) {
      reject(new Error("the server ended without an answer"));
    }
  })();
  let id = 0;
  return {
    call(call: ToolCall): Promise<Answer> {
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      waiting.set(++id, { resolve, reject });
      const params = enveloped({ ...call });
      process.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params })}\n`);
      return promise;
    },
    async end(): Promise<void> {
      process.stdin.end();
      await reading;
      await process.exited;
    },
  };
}

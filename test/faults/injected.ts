import { enveloped } from "../support/eras.ts";
import { EXECUTABLE, startStdio } from "../support/server.ts";
import { type Acknowledged, lives, outcomeOf, SHARED } from "./load.ts";

/** What became of a server whose system calls failed. */
export interface Fate {
  /** Whether it got so far as to answer anything. */
  served: boolean;
  acknowledged: Acknowledged[];
  /** The codes of its refusals, and of how many of its reads failed. */
  refused: string[];
  /** Acknowledgements that came after the first refusal. */
  recovered: number;
  unread: number;
  exitCode: number;
  stderr: string;
}

/** What a writer may be told by a server whose disk fails; what follows of it for its next calls, too. */
const MAY_REFUSE =
  /^(storage_full|forbidden|internal|busy|not_owner|not_found|conflict|illegal_transition|lease_lost)$/;

/** How to make the n-th call of its kind fail: once, or from then on. */
export function injected(call: string, error: string, when: string, trace: string): string[] {
  return ["strace", "-f", "-o", trace, "-e", `trace=${call}`, "-e", `inject=${call}:error=${error}:when=${when}`];
}

/** Runs so many writes, a read after each, on a server that is started by `prefix` and may end at any moment. */
export async function runUnder(
  prefix: readonly string[],
  flags: readonly string[],
  calls: number,
  worker = "w",
): Promise<Fate> {
  const server = startStdio(flags, { command: [...prefix, EXECUTABLE] });
  const stderr = new Response(server.process.stderr).text();
  const fate = { acknowledged: [] as Acknowledged[], refused: [] as string[], recovered: 0, unread: 0 };
  const send = (call: Acknowledged["call"]) =>
    server.request("tools/call", enveloped({ ...call })).catch(() => undefined);
  for (const call of [SHARED, ...take(lives(worker, { artifactBytes: 2000 }), calls)]) {
    const response = await send(call);
    if (response === undefined) {
      break;
    }
    const outcome = outcomeOf(call, response, MAY_REFUSE);
    if ("refused" in outcome) {
      fate.refused.push(outcome.refused);
    } else {
      fate.acknowledged.push({ call, answer: outcome.answer });
      fate.recovered += fate.refused.length > 0 ? 1 : 0;
    }
    const known = fate.acknowledged[0]?.call.arguments["task_id"];
    if (known !== undefined) {
      const read = await send({ name: "get_task", arguments: { task_id: known } });
      fate.unread += read !== undefined && Object(read["result"]).isError === true ? 1 : 0;
    }
  }
  const exitCode = await server.end();
  const served = fate.acknowledged.length + fate.refused.length > 0;
  return { ...fate, served, exitCode, stderr: await stderr };
}

function* take<T>(items: Iterable<T>, count: number): Generator<T> {
  let left = count;
  for (const item of items) {
    if (left-- === 0) {
      return;
    }
    yield item;
  }
}

import { randomBytes } from "node:crypto";

type Message = Record<string, unknown>;

/** A tool call. */
export interface Call {
  name: string;
  arguments: Message;
}

/** A call whose success was answered: what a store must never forget. */
export interface Acknowledged {
  call: Call;
  answer: Message;
}

/** The task on which every worker's checkpoints meet. */
export const SHARED: Call = { name: "create_task", arguments: { task_id: "shared", title: "Shared", goal: "" } };

/** The endless work of one worker: lives of tasks from creation over a handoff to their end, each call once and unlike any other. */
export function* lives(worker: string, { artifactBytes }: { artifactBytes: number }): Generator<Call> {
  const [a, b] = [`${worker}-a`, `${worker}-b`];
  const prose = (bytes: number) => randomBytes(Math.ceil((bytes * Math.random()) / 2)).toString("hex");
  for (let n = 0; ; n++) {
    const task_id = `${worker}-${n}`;
    const call = (name: string, args: Message): Call => ({ name, arguments: { task_id, ...args } });
    const step = (number: number) => [`${task_id}: ${number}`];
    yield call("create_task", { title: task_id, goal: prose(1000), agent: a });
    yield call("claim_task", { agent: a });
    yield call("save_checkpoint", { agent: a, completed_steps: step(1), context: prose(6000) });
    yield { name: "save_checkpoint", arguments: { task_id: "shared", agent: "team", completed_steps: step(0) } };
    yield attachment(task_id, a, artifactBytes);
    yield call("handoff_task", { from_agent: a, to_agent: b, reason: prose(100) || "limit" });
    yield call("claim_task", { agent: b });
    yield call("save_checkpoint", { agent: b, completed_steps: step(2), resume_prompt: prose(2000) });
    yield call("update_task", { agent: b, status: "done" });
  }
}

/** The endless work of one who attaches to one task, which it creates first. */
export function* attachments(worker: string, { artifactBytes }: { artifactBytes: number }): Generator<Call> {
  yield { name: "create_task", arguments: { task_id: worker, title: worker, goal: "" } };
  for (;;) {
    yield attachment(worker, worker, artifactBytes);
  }
}

function attachment(task_id: string, agent: string, most: number): Call {
  const content_base64 = randomBytes(1 + Math.floor(most * Math.random())).toString("base64");
  return { name: "attach_artifact", arguments: { task_id, agent, name: "log", kind: "log", content_base64 } };
}

/** What a worker may meet when an answer before was lost, as its effect may be there or not. */
const AFTERMATH = /^(not_owner|not_found|conflict|illegal_transition|lease_lost)$/;

/** The successful answer's content; of a refusal its code, which `mayRefuse` has to allow. Throws for any other answer. */
export function outcomeOf(
  call: Call,
  response: Message,
  mayRefuse: RegExp = AFTERMATH,
): { answer: Message } | { refused: string } {
  const { isError, structuredContent, content } = Object(response["result"]);
  if (structuredContent !== undefined && isError === undefined) {
    return { answer: structuredContent };
  }
  const code = content === undefined ? undefined : JSON.parse(content[0].text).code;
  if (typeof code === "string" && mayRefuse.test(code)) {
    return { refused: code };
  }
  throw new Error(`${call.name} was answered ${JSON.stringify(response).slice(0, 600)}`);
}

/** Sends call after call until one is not answered, and keeps what was acknowledged. */
export async function workUntilCut(
  calls: Iterable<Call>,
  send: (call: Call) => Promise<Message | undefined>,
  ledger: Acknowledged[],
): Promise<void> {
  for (const call of calls) {
    const response = await send(call);
    if (response === undefined) {
      return;
    }
    const outcome = outcomeOf(call, response);
    if ("answer" in outcome) {
      ledger.push({ call, answer: outcome.answer });
    }
  }
}

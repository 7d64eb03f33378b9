import { deepStrictEqual } from "node:assert";

type Members = Readonly<Record<string, unknown>>;

/** What a tool call brought: the answer, or the refusal. */
export interface Outcome {
  refused: boolean;
  data: Members;
}

/** A client of any make, as far as a handoff needs one. */
export interface HandoffClient {
  call(tool: string, args: Members): Promise<Outcome>;
  /** The text of a resource; absent where the client reads none. */
  read?: ((uri: string) => Promise<string>) | undefined;
}

/**
 * Plays a whole handoff of task `task_id` from agent `claude-code`, on client `a`, to agent `hermes`, on client `b`:
 * create, checkpoint, offer; look, read, accept; a late write of A, refused; done. Throws at the first answer that is
 * not as it should be.
 */
export async function playHandoff(a: HandoffClient, b: HandoffClient, task_id: string): Promise<void> {
  const [from_agent, to_agent] = ["claude-code", "hermes"];
  const progress = { completed_steps: ["Reproduced bug"], resume_prompt: "Fix null check in auth/login.py line 42" };
  const create = { task_id, title: "Fix login bug", goal: "Resolve auth error on /login" };
  await expectAnswer(a, "create_task", create, { status: "open", created: true });
  const checkpoint = { task_id, agent: from_agent, remaining_steps: ["Implement fix"], ...progress };
  await expectAnswer(a, "save_checkpoint", checkpoint, { status: "in_progress", current_owner: from_agent });
  const offer = { task_id, from_agent, to_agent, reason: "Context limit" };
  await expectAnswer(a, "handoff_task", offer, { status: "handoff_ready", current_owner: to_agent });

  const { data } = await b.call("list_tasks", { owner: to_agent });
  const offered = Array.isArray(data["tasks"]) ? data["tasks"].map((task) => Object(task).task_id) : [];
  deepStrictEqual(offered.includes(task_id), true, `list_tasks does not show ${task_id}: ${JSON.stringify(data)}`);
  await expectAnswer(b, "get_task", { task_id }, { status: "handoff_ready", ...progress });
  const resource = await b.read?.(`task://${task_id}`);
  if (resource !== undefined) {
    expectMembers("the resource", JSON.parse(resource), { task_id, current_owner: to_agent, ...progress });
  }
  const accept = { task_id, agent: to_agent, completed_steps: ["Reproduced bug", "Implemented fix"] };
  await expectAnswer(b, "save_checkpoint", accept, { status: "in_progress", current_owner: to_agent });

  const late = await a.call("save_checkpoint", checkpoint);
  deepStrictEqual(late.refused, true, `a late checkpoint was not refused: ${JSON.stringify(late.data)}`);
  expectMembers("the refusal", late.data, { code: "not_owner" });
  await expectAnswer(b, "update_task", { task_id, agent: to_agent, status: "done" }, { status: "done" });
}

/** A result of `tools/call`, in whichever client's hands, as an outcome: structured content, or else the text's JSON. */
export function outcomeOf(result: unknown): Outcome {
  const { isError, structuredContent, content } = Object(result);
  const data = structuredContent ?? JSON.parse(Object(content?.[0]).text ?? "{}");
  return { refused: isError === true, data: { ...Object(data) } };
}

async function expectAnswer(client: HandoffClient, tool: string, args: Members, expected: Members): Promise<void> {
  const { refused, data } = await client.call(tool, args);
  deepStrictEqual(refused, false, `${tool} was refused: ${JSON.stringify(data)}`);
  expectMembers(tool, data, expected);
}

function expectMembers(what: string, actual: Members, expected: Members): void {
  for (const [member, value] of Object.entries(expected)) {
    deepStrictEqual(actual[member], value, `${what}: ${member} is ${JSON.stringify(actual[member])}`);
  }
}

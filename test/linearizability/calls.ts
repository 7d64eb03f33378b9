import type { Action, Outcome, Step } from "./task-model.ts";

/** A call of a tool. */
export interface ToolCall {
  name: string;
  arguments: Readonly<Record<string, unknown>>;
}

/**
 * The call by which `action` is done to a task. `mark` makes each offer and checkpoint another: a repeat would be
 * acknowledged without being done.
 */
export function callFor(task_id: string, action: Action, mark: string): ToolCall {
  switch (action.kind) {
    case "read":
      return { name: "get_task", arguments: { task_id } };
    case "claim": {
      const force = action.force === true ? { force: true, reason: "a person says so" } : {};
      return { name: "claim_task", arguments: { task_id, agent: action.agent, ...force } };
    }
    case "offer":
      return {
        name: "handoff_task",
        arguments: { task_id, from_agent: action.agent, to_agent: action.to, reason: mark, lease_token: action.token },
      };
    case "release":
      return {
        name: "update_task",
        arguments: { task_id, agent: action.agent, status: "open", lease_token: action.token },
      };
    case "progress":
      return {
        name: "save_checkpoint",
        arguments: { task_id, agent: action.agent, completed_steps: [mark], lease_token: action.token },
      };
  }
}

/**
 * What an answer tells of an action. `claim_task` answers with the task as it reads it after the claim, which is an
 * operation of its own.
 */
export function stepsOf(action: Action, answer: Readonly<Record<string, unknown>>): Step[] {
  if (action.kind !== "claim") {
    return [{ action, outcome: outcomeOf(answer) }];
  }
  const { token } = outcomeOf(answer);
  const { task } = answer;
  return [
    { action, outcome: { token } },
    { action: { kind: "read" }, outcome: { ...outcomeOf(Object(task)), token: undefined } },
  ];
}

/** What a refusal tells of an action. */
export function refusalOf(action: Action, refusal: { code: string; details?: unknown }): Step {
  const { from, ...told } = Object(refusal.details);
  return { action, outcome: { ...outcomeOf({ status: from, ...told }), refused: refusal.code } };
}

function outcomeOf(answer: Readonly<Record<string, unknown>>): Outcome {
  const { status, current_owner, version, lease_token } = answer;
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  return {
    status: text(status),
    owner: text(current_owner),
    version: typeof version === "number" ? version : undefined,
    token: text(lease_token),
  };
}

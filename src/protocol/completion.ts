import { STATUSES } from "../domain/lifecycle.ts";
import { ProtocolError } from "./failure.ts";
import type { Services } from "./handlers.ts";
import { isMembers, type Members, RPC } from "./jsonrpc.ts";
import { isPrompt } from "./prompts.ts";

/** The protocol's own bound on an answer. */
const VALUES = 100;

/** `completion/complete`: task ids, statuses and agent names, by the name of the argument. */
export async function complete({ tools }: Services, { ref, argument }: Members): Promise<Members> {
  if (!isMembers(ref) || !isMembers(argument) || typeof argument["name"] !== "string") {
    throw new ProtocolError(RPC.invalidParams, "Cannot complete: ref and argument with a name are needed");
  }
  const { value: prefix = "" } = argument;
  if (typeof prefix !== "string") {
    throw new ProtocolError(RPC.invalidParams, "Cannot complete: value must be a string");
  }
  // The official suite asks about a prompt that we do not have, and wants an answer.
  const values = isKnown(ref) ? await candidates(tools.store, argument["name"], prefix) : [];
  const hasMore = values.length > VALUES;
  return { completion: { values: values.slice(0, VALUES), hasMore, ...(hasMore ? {} : { total: values.length }) } };
}

function isKnown({ type, name, uri }: Members): boolean {
  return type === "ref/prompt"
    ? isPrompt(name)
    : type === "ref/resource" && typeof uri === "string" && uri.startsWith("task://");
}

async function candidates(store: Services["tools"]["store"], name: string, prefix: string): Promise<readonly string[]> {
  switch (name) {
    case "task_id":
      return store.taskIds(prefix, VALUES + 1);
    case "to_agent":
    case "agent":
      return store.agents(prefix, VALUES + 1);
    case "status":
      return STATUSES.filter((status) => status.startsWith(prefix));
    default:
      return [];
  }
}

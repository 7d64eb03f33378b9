import { quote } from "./clean.ts";
import { TaskError } from "./errors.ts";

/** By what a write that is sent again is known. It belongs to caller and tool: another's equal key is another key. */
export interface IdempotencyKey {
  /** The client's own text. */
  key: string;
  /** The calling agent as agents are compared; empty where nobody says. */
  caller: string;
  tool: string;
  /** Equal for equal arguments. */
  args_hash: string;
}

/** How long a key is kept with its answer, in seconds. */
export const KEPT_SECONDS: number = 24 * 3600;

/** The refusal of a key that stands for another call. */
export function otherArguments({ key, tool }: IdempotencyKey): TaskError {
  return new TaskError(
    "conflict",
    `Cannot call tool ${quote(tool)}: its idempotency key ${quote(key)} was used with other arguments; ` +
      "the arguments of the first call are accepted, or a new key",
  );
}

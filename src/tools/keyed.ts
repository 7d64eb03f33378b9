import type { IdempotencyKey } from "../domain/idempotency.ts";
import type { ToolContext } from "./tool.ts";

/** The context of a call that carries an idempotency key: whatever the tool writes, it writes under that key. */
export function keyed(context: ToolContext, key: IdempotencyKey | undefined): ToolContext {
  if (key === undefined) {
    return context;
  }
  const { store } = context;
  return {
    ...context,
    store: {
      ...store,
      write: (command) => store.write({ ...command, key }),
      writeNext: (command) => store.writeNext({ ...command, key }),
      create: (command) => store.create({ ...command, key }),
    },
    answered: () => store.answerTo(key),
  };
}

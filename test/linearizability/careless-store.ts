import type { Decision } from "../../src/domain/changes.ts";
import type { Instant } from "../../src/domain/instant.ts";
import type { TaskView } from "../../src/domain/task.ts";
import { unknownTask } from "../../src/domain/task.ts";
import type { Store } from "../../src/store/store.ts";

/**
 * A store with the commonest mistake of its kind planted: it reads the task, decides outside of the transaction, and then
 * writes what it decided, whatever the task has become meanwhile. Versions are counted on, so that the database's own
 * guards notice nothing.
 */
export function careless(store: Store, now: () => Instant): Store {
  return {
    ...store,
    async write({ select, decide }) {
      const view = await store.find(select.task_id);
      if (view === undefined) {
        throw unknownTask("find task", select.task_id);
      }
      const decision = decide(view, now());
      return store.write({ select, decide: (actual) => onTop(actual, decision) });
    },
  };
}

function onTop<Answer>({ task }: TaskView, decision: Decision<Answer>): Decision<Answer> {
  const { answer, change, renewal } = decision;
  if (change === undefined) {
    return { answer, renewal };
  }
  const version = task.version + 1;
  const number = task.checkpoint_count + 1;
  return {
    answer,
    change: {
      ...change,
      task: {
        ...change.task,
        version,
        checkpoint_count: change.checkpoint === undefined ? task.checkpoint_count : number,
      },
      event: { ...change.event, version },
      checkpoint: change.checkpoint && { ...change.checkpoint, number },
    },
  };
}

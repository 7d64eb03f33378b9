import type { Feed, Notice } from "./handlers.ts";

/** One change of one task, as whoever watches the store tells it. */
interface TaskChange {
  task_id: string;
  /** Whether the task is new. */
  created: boolean;
}

/**
 * Changes of tasks as notices: the task's resource, and the list when there is a new one. What changes more than once
 * in one turn of the event loop is told once.
 */
export function feedOf(watch: { on(listener: (change: TaskChange) => void): () => void }): Feed {
  return (listener) => {
    let pending = new Map<string, Notice>();
    const tell = () => {
      const notices = pending;
      pending = new Map();
      for (const notice of notices.values()) {
        listener(notice);
      }
    };
    return watch.on(({ task_id, created }) => {
      if (pending.size === 0) {
        queueMicrotask(tell);
      }
      if (created) {
        pending.set("list", { list: "resources" });
      }
      pending.set(`task ${task_id}`, { uri: `task://${task_id}` });
    });
  };
}

import type { Feed, Listener, Notice } from "./handlers.ts";

/** One change of one task, as whoever watches the store tells it. */
interface TaskChange {
  task_id: string;
  /** Whether the task is new. */
  created: boolean;
}

/**
 * Changes of tasks as notices: the task's resource, and the list when there is a new one. What changes more than once
 * in one turn of the event loop is told once. The store is watched while anybody listens, once for all of them.
 */
export function feedOf(watch: { on(listener: (change: TaskChange) => void): () => void }): Feed {
  const listeners = new Set<Listener>();
  let leave: (() => void) | undefined;
  let pending = new Map<string, Notice>();
  const tell = () => {
    const notices = pending;
    pending = new Map();
    for (const listener of listeners) {
      for (const notice of notices.values()) {
        listener.told(notice);
      }
    }
  };
  const take = ({ task_id, created }: TaskChange) => {
    if (pending.size === 0) {
      queueMicrotask(tell);
    }
    if (created) {
      pending.set("list", { list: "resources" });
    }
    pending.set(`task ${task_id}`, { uri: `task://${task_id}` });
  };
  return {
    add(listener) {
      listeners.add(listener);
      leave ??= watch.on(take);
    },
    remove(listener) {
      listeners.delete(listener);
      if (listeners.size === 0) {
        leave?.();
        leave = undefined;
      }
    },
  };
}

import type { Store } from "../store/store.ts";

/** The store as a call sees it that may be cancelled: what the call has not begun to write then, it never writes. */
export function cancellable(store: Store, signal: AbortSignal): Store {
  return {
    ...store,
    write: (command) => store.write({ ...command, signal }),
    writeNext: (command) => store.writeNext({ ...command, signal }),
    create: (command) => store.create({ ...command, signal }),
  };
}

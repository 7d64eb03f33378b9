import type { Store, TaskChange } from "../store/store.ts";
import { watchFiles } from "./file-events.ts";

/** The part of a Store that tells of changes. */
export type ChangeSource = Pick<Store, "changedSince" | "changesSince" | "latestChange">;

export interface FollowOptions {
  /** Where file events come from. */
  databasePath: string;
  /** The pause between two looks that nothing prompted, in milliseconds. */
  pollMs: number;
  tell(change: TaskChange): void;
  onError(message: string, error: unknown): void;
}

/** Changes being followed. */
export interface Following {
  /** Looks at once; several calls in one turn of the event loop are one look. */
  poke(): void;
  /** Nothing is told any more, not even the rest of a look under way. */
  stop(): void;
}

/** How many changes one read takes. */
const PAGE = 256;
/** After a file event looks follow for so long, each when twice the time has passed, at pauses from `first` to `last`; in ms. */
const ALERT = { duration: 60, first: 1, last: 16 };

/**
 * Tells every change committed after this call, by any process, once and in the order of commits.
 *
 * `seq` is given out inside transactions that hold the write lock from their start, and a rollback takes it back. So it
 * becomes visible in ascending order, and whatever is new is above the last one seen: there are no gaps to wait for.
 */
export function follow(source: ChangeSource, { databasePath, pollMs, tell, onError }: FollowOptions): Following {
  const reader = createReader(source, tell, onError);
  let timer: NodeJS.Timeout | undefined;
  let prompted: NodeJS.Immediate | undefined;
  let event = Number.NEGATIVE_INFINITY;
  let due = 0;
  const lookIn = (pause: number, now: number) => {
    clearTimeout(timer);
    due = now + pause;
    timer = setTimeout(look, pause).unref();
  };
  const goOn = () => {
    if (!reader.stopped) {
      const now = performance.now();
      const since = now - event;
      lookIn(since < ALERT.duration ? Math.min(Math.max(since, ALERT.first), ALERT.last) : pollMs, now);
    }
  };
  // Most looks see nothing: those take no promise.
  const look = () => {
    if (reader.isCurrent()) {
      goOn();
    } else {
      void reader.readOn().then(goOn);
    }
  };
  // A commit's event comes when the log is written. That is before it is synced, and only then the commit is visible.
  const unwatch = watchFiles(databasePath, () => {
    event = performance.now();
    if (due > event + ALERT.first) {
      lookIn(ALERT.first, event);
    }
  });
  look();
  return {
    poke() {
      prompted ??= setImmediate(() => {
        prompted = undefined;
        look();
      });
    },
    stop() {
      reader.stopped = true;
      unwatch();
      clearImmediate(prompted);
      clearTimeout(timer);
    },
  };
}

/** Reads on from the last change told, once at a time, from where the store stands when it is first asked. */
function createReader(source: ChangeSource, tell: FollowOptions["tell"], onError: FollowOptions["onError"]) {
  let last: number | undefined;
  let reading = false;
  let again = false;
  let failing = false;
  const reader = {
    stopped: false,
    /** Whether there is nothing to read on to. */
    isCurrent: () => last !== undefined && !reading && !source.changedSince(last),
    /** Tells all that was committed before the call; of a call during another one, the other takes care as well. */
    async readOn(): Promise<void> {
      again = true;
      if (reading) {
        return;
      }
      reading = true;
      try {
        while (again && !reader.stopped) {
          again = false;
          await readPage();
        }
        failing = false;
      } catch (error) {
        // Busy, as a rule; the next look goes on from the same place. One report does for as long as it lasts.
        if (!failing && !reader.stopped) {
          onError("cannot read changes", error);
        }
        failing = true;
      }
      reading = false;
    },
  };
  const readPage = async () => {
    last ??= await source.latestChange();
    const page = await source.changesSince(last, PAGE);
    again ||= page.length === PAGE;
    for (const change of page) {
      if (reader.stopped) {
        return;
      }
      last = change.seq;
      tell(change);
    }
  };
  return reader;
}

import type { Store, TaskChange } from "../store/store.ts";
import { watchFiles } from "./file-events.ts";

/** The part of a Store that tells of changes. */
export type ChangeSource = Pick<Store, "changesSince" | "latestChange">;

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
/** After a file event, looks follow for so long, first and at last so far apart; in milliseconds, the least of timers. */
const ALERT = { duration: 60, first: 1, last: 4 };

/**
 * Tells every change committed after this call, by any process, once and in the order of commits.
 *
 * `seq` is given out inside transactions that hold the write lock from their start and is taken back by a rollback, so
 * it becomes visible in ascending order and without gaps to come: all that is new is above the last one seen.
 */
export function follow(source: ChangeSource, { databasePath, pollMs, tell, onError }: FollowOptions): Following {
  const look = createLook(source, tell, onError);
  let timer: NodeJS.Timeout | undefined;
  let prompted: NodeJS.Immediate | undefined;
  let alertUntil = 0;
  let pause = pollMs;
  const lookAndRest = async () => {
    await look.now();
    pause = performance.now() < alertUntil ? Math.min(pause * 2, ALERT.last) : pollMs;
    rest();
  };
  const rest = () => {
    clearTimeout(timer);
    timer = look.stopped ? undefined : setTimeout(() => void lookAndRest(), pause).unref();
  };
  const poke = () => {
    prompted ??= setImmediate(() => {
      prompted = undefined;
      void lookAndRest();
    }).unref();
  };
  // The event of a commit comes when the log is written, which is before it is synced, which is before it is visible.
  const unwatch = watchFiles(databasePath, () => {
    alertUntil = performance.now() + ALERT.duration;
    pause = ALERT.first / 2;
    poke();
  });
  void lookAndRest();
  return {
    poke,
    stop() {
      look.stop();
      unwatch();
      clearImmediate(prompted);
      clearTimeout(timer);
    },
  };
}

/** Reading on from the last change seen, one look at a time. */
function createLook(source: ChangeSource, tell: FollowOptions["tell"], onError: FollowOptions["onError"]) {
  let last: number | undefined;
  let underWay: Promise<void> | undefined;
  let again = false;
  let failing = false;
  const look = {
    stopped: false,
    stop() {
      look.stopped = true;
    },
    /** Resolves when all that was committed before the call has been told, or could not be read. */
    now(): Promise<void> {
      again = true;
      underWay ??= readAll().finally(() => {
        underWay = undefined;
      });
      return underWay;
    },
  };
  async function readAll(): Promise<void> {
    try {
      while (again && !look.stopped) {
        again = false;
        last ??= await source.latestChange();
        await readOn(last);
      }
      failing = false;
    } catch (error) {
      // Busy, as a rule. The next look goes on from the same place; one report does for as long as it lasts.
      if (!failing && !look.stopped) {
        onError("cannot read changes", error);
      }
      failing = true;
    }
  }
  async function readOn(from: number): Promise<void> {
    for (let page: readonly TaskChange[] | undefined; page === undefined || page.length === PAGE; ) {
      page = await source.changesSince(last ?? from, PAGE);
      for (const change of page) {
        if (look.stopped) {
          return;
        }
        last = change.seq;
        tell(change);
      }
    }
  }
  return look;
}

import type { Task } from "../domain/task.ts";
import type { Store, TaskChange } from "../store/store.ts";

/** What a call waits for. */
export interface Wait<Answer> {
  /** Whether a task as it stands may be it. Cheap: every call that waits is asked at every change. */
  wanted(task: Task): boolean;
  /** Tries to get it; answers nothing where there is still to be waited. What it throws ends the wait. */
  attempt(): Promise<Answer | undefined>;
  /** How long; the last attempt is made at the end. */
  seconds: number;
  /** Aborted when the client cancels: the wait rejects with its reason at once. */
  signal: AbortSignal;
  /** Aborted when nobody is there to take what would be got: the wait ends as if its time were up, with no more attempt. */
  leaving?: AbortSignal | undefined;
}

/** Calls that wait for what somebody, in this process or another, does. */
export interface Waiters {
  /** Resolves with the answer of the first attempt that has one, or with nothing when the time is up. */
  wait<Answer>(wait: Wait<Answer>): Promise<Answer | undefined>;
}

/** Where waiting calls learn that something has happened. */
export interface WaitersHost {
  store: Pick<Store, "peek" | "secondsToLapse" | "lapsedWithin">;
  changes: { on(listener: (change: Pick<TaskChange, "task_id">) => void): () => void };
  /** Aborted when the server is about to end: whoever waits, or is going to, is answered at once. */
  stopping: AbortSignal;
  onError(message: string, error: unknown): void;
}

interface Waiter {
  wanted(task: Task): boolean;
  /** Makes an attempt after those under way, unless the wait is over by then. */
  attempt(): Promise<void>;
  /** Ends the wait without an answer, once an attempt under way has ended. */
  end(): void;
}

/**
 * The longest pause between two looks for leases that have run out, in milliseconds. No lease is that short; a limit that is
 * to be reset sooner, and was told of while somebody waits already, is noticed so much later at most.
 */
const LOOK_MS = 5000;
/** The shortest one: the system's uptime does not count finer. */
const TICK_MS = 10;

/** A look reaches back a little beyond the one before: timers and the store's clock count differently. In seconds. */
const OVERLAP_S = 2;

/**
 * Waiting costs nothing but memory while nothing happens. A changed task is read once, whoever waits for it; only those
 * who want it as it stands try to get it, one after the other, the longest waiting first, until nobody wants it.
 */
export function createWaiters(host: WaitersHost): Waiters {
  const { changes, stopping } = host;
  const waiting = new Set<Waiter>();
  const offer = createOffers(host, waiting);
  let leave: (() => void) | undefined;

  function join(): () => void {
    const leaveChanges = changes.on(({ task_id }) => offer([task_id]));
    const stopLooking = lookForLapses(host, offer);
    return () => {
      leaveChanges();
      stopLooking();
    };
  }

  const places = {
    has: (waiter: Waiter) => waiting.has(waiter),
    enter(waiter: Waiter): void {
      waiting.add(waiter);
      leave ??= join();
    },
    exit(waiter: Waiter): void {
      waiting.delete(waiter);
      if (waiting.size === 0) {
        leave?.();
        leave = undefined;
      }
    },
  };

  stopping.addEventListener("abort", () => {
    for (const waiter of waiting) {
      waiter.end();
    }
  });
  return {
    async wait(wait) {
      wait.signal.throwIfAborted();
      return stopping.aborted || wait.leaving?.aborted === true ? undefined : waitAmong(places, wait);
    },
  };
}

/** Those who wait. */
interface Places {
  has(waiter: Waiter): boolean;
  enter(waiter: Waiter): void;
  exit(waiter: Waiter): void;
}

async function waitAmong<Answer>(places: Places, wait: Wait<Answer>): Promise<Answer | undefined> {
  const { wanted, attempt, seconds, signal, leaving } = wait;
  const { promise, resolve, reject } = Promise.withResolvers<Answer | undefined>();
  let turn = Promise.resolve();
  const fail = (error: unknown) => {
    places.exit(waiter);
    reject(error);
  };
  const attemptOnce = async () => {
    const answer = places.has(waiter) ? await attempt() : undefined;
    if (answer !== undefined) {
      places.exit(waiter);
      resolve(answer);
    }
  };
  const waiter: Waiter = {
    wanted,
    attempt() {
      turn = turn.then(attemptOnce).catch(fail);
      return turn;
    },
    end() {
      places.exit(waiter);
      turn = turn.then(() => resolve(undefined));
    },
  };
  const cancel = () => fail(signal.reason);
  const timer = setTimeout(() => void waiter.attempt().then(waiter.end), 1000 * seconds);
  signal.addEventListener("abort", cancel);
  leaving?.addEventListener("abort", waiter.end);
  places.enter(waiter);
  // Nobody tells it what happened before it was there.
  void waiter.attempt();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", cancel);
    leaving?.removeEventListener("abort", waiter.end);
  }
}

/** Offers tasks to those who wait, one task at a time. */
function createOffers({ store, onError }: WaitersHost, waiting: ReadonlySet<Waiter>) {
  const pending = new Set<string>();
  let offering = false;

  async function offer(task_id: string): Promise<void> {
    const asked = new Set<Waiter>();
    for (;;) {
      const task = waiting.size === 0 ? undefined : await store.peek(task_id);
      const next = task && firstOf(waiting, (waiter) => !asked.has(waiter) && waiter.wanted(task));
      if (next === undefined) {
        return;
      }
      asked.add(next);
      await next.attempt();
    }
  }

  async function offerAll(): Promise<void> {
    offering = true;
    for (const task_id of pending) {
      pending.delete(task_id);
      // Whoever is not told because the store was busy makes a last attempt when its time is up.
      await offer(task_id).catch((error) => onError("a change was not told to waiting calls", error));
    }
    offering = false;
  }

  return (task_ids: readonly string[]): void => {
    for (const task_id of task_ids) {
      pending.add(task_id);
    }
    if (!offering && pending.size > 0) {
      void offerAll();
    }
  };
}

/**
 * Tells of leases and offers that run out and of limits that are reset, which nobody writes down, by one timer for the next of them, until the
 * answered function is called. It looks after the longest pause all the same, as there may be sooner ones by then.
 */
function lookForLapses({ store, onError }: WaitersHost, tell: (task_ids: readonly string[]) => void): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let looked = performance.now();

  async function arm(): Promise<void> {
    const seconds = await store.secondsToLapse().catch(() => undefined);
    if (!stopped) {
      const pause = Math.min(1000 * (seconds ?? Number.POSITIVE_INFINITY), LOOK_MS);
      timer = setTimeout(() => void look(), Math.max(pause, TICK_MS)).unref();
    }
  }

  async function look(): Promise<void> {
    const now = performance.now();
    try {
      tell(await store.lapsedWithin((now - looked) / 1000 + OVERLAP_S));
      looked = now;
    } catch (error) {
      onError("leases that ran out were not told to waiting calls", error);
    }
    await arm();
  }

  void arm();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

function firstOf<Entry>(entries: Iterable<Entry>, holds: (entry: Entry) => boolean): Entry | undefined {
  for (const entry of entries) {
    if (holds(entry)) {
      return entry;
    }
  }
  return undefined;
}

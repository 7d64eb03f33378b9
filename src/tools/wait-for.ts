import type { ToolContext } from "./tool.ts";
import type { Wait } from "./waiters.ts";

/** How often a client that asked for it is told that its call still waits, in seconds. */
const PROGRESS_S = 5;

/** What a call may wait for; for 0 seconds it does not. */
type CallsWait<Answer> = Omit<Wait<Answer>, "signal" | "leaving">;

/** The answer of an attempt, made at once and, where that has none, whenever it may have one until the time is up. */
export async function attemptFor<Answer>(context: ToolContext, wait: CallsWait<Answer>): Promise<Answer | undefined> {
  const answer = await wait.attempt();
  return answer === undefined && wait.seconds > 0 ? waitFor(context, wait) : answer;
}

/** Waits: tells the call's transport that the answer will be long in coming, and its client how far it is. */
async function waitFor<Answer>(context: ToolContext, wait: CallsWait<Answer>): Promise<Answer | undefined> {
  const { waiters, signal, leaving, linger, progress } = context;
  linger();
  const stopTelling = progress && tellEvery(PROGRESS_S, (waited) => void progress(waited, wait.seconds, "Waiting"));
  try {
    return await waiters.wait({ ...wait, signal: signal(), leaving: leaving?.() });
  } finally {
    stopTelling?.();
  }
}

/** Calls `tell` with the seconds that have passed, now and every so many, until the answered function is called. */
function tellEvery(seconds: number, tell: (passed: number) => void): () => void {
  let passed = 0;
  const ticking = setInterval(() => {
    passed += seconds;
    tell(passed);
  }, 1000 * seconds);
  tell(passed);
  return () => clearInterval(ticking);
}

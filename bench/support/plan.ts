/** How much is measured. A quick run takes up to three minutes, a smoke run shows that the program works and nothing else. */
export interface Plan {
  mode: "full" | "quick" | "smoke";
  /** Rounds of starts; of other comparisons. */
  starts: number;
  rounds: number;
  /** How long one rate is taken, in milliseconds. */
  rateMs: number;
  /** Calls of one latency figure; writes of one pipelined burst. */
  calls: number;
  burst: number;
  /** Tasks that stand for "many". */
  tasks: number;
  /** Calls after which memory is looked at again. */
  memoryCalls: number;
  /** How long 8 processes write, and changes are watched; idle streams. */
  processesMs: number;
  watchMs: number;
  streams: number;
  /** Numbers of tasks that peers are measured at, calls of each figure, and how long filling one may take, in seconds. */
  peerTasks: readonly number[];
  peerCalls: number;
  peerSeconds: number;
}

/** The plan of each mode. */
export const PLANS: Readonly<Record<Plan["mode"], Omit<Plan, "mode">>> = {
  full: {
    starts: 41,
    rounds: 11,
    rateMs: 1500,
    calls: 2000,
    burst: 4000,
    tasks: 1_000_000,
    memoryCalls: 40_000,
    processesMs: 4000,
    watchMs: 12_000,
    streams: 10_000,
    peerTasks: [1, 100, 1000, 10_000],
    peerCalls: 15,
    peerSeconds: 180,
  },
  quick: {
    starts: 15,
    rounds: 5,
    rateMs: 300,
    calls: 300,
    burst: 600,
    tasks: 50_000,
    memoryCalls: 5000,
    processesMs: 1500,
    watchMs: 4000,
    streams: 1000,
    peerTasks: [1, 100, 1000],
    peerCalls: 7,
    peerSeconds: 10,
  },
  smoke: {
    starts: 1,
    rounds: 1,
    rateMs: 30,
    calls: 10,
    burst: 20,
    tasks: 2000,
    memoryCalls: 1100,
    processesMs: 100,
    watchMs: 400,
    streams: 20,
    peerTasks: [1, 5],
    peerCalls: 1,
    peerSeconds: 5,
  },
};

/** What is measured, as issue and design state it: a row of the table. Every figure is a ratio taken in one run, or says its unit. */
export interface Goal {
  what: string;
  against: string;
  /** Whether the figure has to be at most, or at least, `value`. */
  at: "most" | "least";
  value: number;
  unit: "×" | "ms" | "MB" | "KB" | "%" | "";
}

const goal = (what: string, against: string, at: Goal["at"], value: number, unit: Goal["unit"] = "×"): Goal => ({
  what,
  against,
  at,
  value,
  unit,
});

const FLOOR = "the compiled floor";
const RAW = "raw bun:sqlite, the same rows";
const ECHO = "Bun.serve JSON echo";

/** THE table of goals, in the order it is printed in. */
export const GOALS = {
  "start.discover": goal("spawn → server/discover answered", FLOOR, "most", 1.25),
  "start.initialize": goal("spawn → initialize answered", FLOOR, "most", 5),
  "peers.start": goal("spawn → initialize answered: the fastest peer", "ours", "least", 4),
  "start.memory": goal("peak memory at initialize", FLOOR, "most", 1.6),
  "memory.growth": goal("memory after 40,000 calls, the worst front", "after 1,000", "most", 1.1),
  "memory.size": goal("memory after 40,000 calls on stdio, 2026-07-28", "–", "most", 60, "MB"),
  "stdio.get": goal("get_task, stdio, 2026-07-28, p50", "the same through the SDK's Server", "most", 0.6),
  "stdio.save": goal("save_checkpoint, stdio, one at a time", RAW, "least", 0.85),
  "stdio.pipelined": goal("save_checkpoint, stdio, pipelined", RAW, "least", 3),
  "http.save": goal("save_checkpoint, HTTP, 64 connections", "one transaction a call", "least", 4),
  "http.discover.1": goal("server/discover, HTTP, 1 connection", ECHO, "least", 0.8),
  "http.discover.16": goal("server/discover, HTTP, 16 connections", ECHO, "least", 0.8),
  "http.get.1": goal("get_task, HTTP, 2026-07-28, 1 connection", ECHO, "least", 0.35),
  "http.get.16": goal("get_task, HTTP, 2026-07-28, 16 connections", ECHO, "least", 0.5),
  "http.get.session": goal("get_task, HTTP, a 2025-11-25 session", ECHO, "least", 0.12),
  "scale.list": goal("first page of list_tasks by status, many tasks", "at 1,000", "most", 1.3),
  "scale.cursor": goal("a page in the middle, many tasks", "at 1,000", "most", 1.5),
  "scale.get": goal("get_task, many tasks", "at 1,000", "most", 2.5),
  "scale.search": goal("search, any word, many tasks, p50", "–", "most", 5, "ms"),
  "processes.errors": goal("8 writing processes: errors", "–", "most", 0, ""),
  "processes.total": goal("8 writing processes: writes a second", "one process", "least", 0.6),
  "processes.wait": goal("8 writing processes: longest wait", "–", "most", 500, "ms"),
  "processes.fair": goal("8 writing processes: the slowest", "the fastest", "least", 0.15),
  "watch.delay": goal("another process's change told, p50", "–", "most", 5, "ms"),
  "watch.cpu": goal("what being told costs, of a core", "–", "most", 1.5, "%"),
  "streams.memory": goal("server memory of an idle event stream", "–", "most", 6, "KB"),
  "peers.each": goal("task-orchestrator, which syncs less: its fastest operation", "ours", "least", 1.3),
  "peers.list": goal("task-orchestrator: list among the most tasks", "ours", "least", 40),
} as const satisfies Record<string, Goal>;

export type RowId = keyof typeof GOALS;

/** What was measured for a row: its median and, where it was taken several times, the middle half of what was seen. */
export interface Measured {
  id: RowId;
  value: number;
  spread?: readonly [low: number, high: number];
  /** The figures behind it, and how much of the row was taken where a run is shorter than the row says. */
  note?: string;
}

/** Whether a figure is as good as its goal. */
export function meets({ at, value }: Pick<Goal, "at" | "value">, measured: number): boolean {
  return at === "most" ? measured <= value : measured >= value;
}

/** How many times as good as its goal a figure is: 1 just meets it. */
export function merit({ at, value }: Pick<Goal, "at" | "value">, measured: number): number {
  if (value === 0 || measured === 0) {
    return meets({ at, value }, measured) ? 1 : 0;
  }
  return at === "most" ? value / measured : measured / value;
}

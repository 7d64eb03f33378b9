/** What a worker is to do. */
export interface Orders {
  database: string;
  /** Where it records what it does. */
  history: string;
  /** Its number; its agent is called after it. */
  me: number;
  /** How many agents and tasks there are. */
  agents: number;
  tasks: number;
  /** When the run began, in milliseconds since 1970; times are told from here. */
  epoch: number;
  /** Everything on any task; one claim on each task, in the same order as all others; or claims of whatever is next. */
  lane: "mixed" | "race" | "next";
  /** At least so many, and for at least so many seconds. */
  operations: number;
  seconds?: number | undefined;
  /** With the bug planted: see careless-store.ts. */
  careless?: boolean | undefined;
  /** How many times as fast as ours the store's clock runs. */
  speed?: number | undefined;
  /** The part of claims that are made by force. */
  force?: number | undefined;
}

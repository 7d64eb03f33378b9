import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import type { Operation } from "./checker.ts";
import type { Action, Step } from "./task-model.ts";

/** The operations of a task, or of several by their ids. */
export type TaskHistories = Map<string, Operation<Step>[]>;

/** A line of a history's file: that something was begun, what came of it, or both at once where it changed nothing. */
interface Line {
  /** Of the operation, within the file. */
  id: number;
  /** Absent while nobody knows: a claim of the next task. */
  task?: string | undefined;
  start?: number | undefined;
  action?: Action | undefined;
  end?: number | undefined;
  steps?: readonly Step[] | undefined;
}

/**
 * Records what a process does, so that a kill at any moment leaves all it had begun: the start of a write is in the
 * system's hands before the write is made.
 */
export function createRecorder(path: string) {
  const file = openSync(path, "w");
  let id = 0;
  let kept = "";
  const keep = (line: Line) => {
    kept += `${JSON.stringify(line)}\n`;
  };
  const flush = () => {
    writeSync(file, kept);
    kept = "";
  };
  return {
    /** Before a write; answers the operation's id. */
    begun(task: string | undefined, action: Action, start: number): number {
      keep({ id: ++id, task, action, start });
      flush();
      return id;
    },
    /** After it; `steps` are what it turned out to be, several where one call does several things, none where nothing was done. */
    ended(begun: number, task: string | undefined, steps: readonly Step[], end: number): void {
      keep({ id: begun, task, steps, end });
    },
    /** Something that changes nothing, whatever becomes of it. */
    looked(task: string, step: Step, start: number, end: number): void {
      keep({ id: ++id, task, steps: [step], start, end });
    },
    close(): void {
      flush();
      closeSync(file);
    },
  };
}

/**
 * Adds what a process recorded to `into`; what it had begun and never heard of again has no end. Answers how often
 * nothing was done.
 */
export function readHistory(path: string, into: TaskHistories): number {
  const begun = new Map<number, Line>();
  let idle = 0;
  const add = (task: string | undefined, operation: Operation<Step>) => {
    if (task !== undefined) {
      const known = into.get(task);
      known === undefined ? into.set(task, [operation]) : known.push(operation);
    }
  };
  // What follows the last line end was cut short by a kill, before the system took it.
  for (const text of readFileSync(path, "utf8").split("\n").slice(0, -1)) {
    const line: Line = JSON.parse(text);
    if (line.end === undefined) {
      begun.set(line.id, line);
      continue;
    }
    const { start, task } = { ...begun.get(line.id), ...line };
    begun.delete(line.id);
    const { steps = [] } = line;
    idle += steps.length === 0 ? 1 : 0;
    for (const step of steps) {
      add(task, { step, start: start ?? 0, end: line.end });
    }
  }
  for (const { task, action, start = 0 } of begun.values()) {
    if (action !== undefined) {
      add(task, { step: { action }, start });
    }
  }
  return idle;
}

import type { BundledArtifact, BundledTask, BundleLine } from "../../domain/bundle.ts";
import { hashOf } from "../artifacts.ts";
import { badLine, bundleLinesOf } from "./read-bundle.ts";

/** How much a bundle holds. */
export interface BundleSize {
  tasks: number;
  artifacts: number;
}

/** What has been read of a task so far. */
interface Progress {
  task: BundledTask;
  line: number;
  checkpoints: number;
  events: number;
}

/** Reads a whole bundle and refuses what is not complete or not consistent in itself, by its line. Nothing is stored. */
export function checkBundle(file: number): BundleSize {
  const check = createCheck();
  let last = 1;
  let ended = false;
  for (const { number, line } of bundleLinesOf(file)) {
    if (ended) {
      throw badLine(number, "it comes after the last one");
    }
    const flaw = check.take(line, number);
    if (flaw !== undefined) {
      throw badLine(number, flaw);
    }
    last = number;
    ended = "end" in line;
  }
  if (!ended) {
    throw badLine(last + 1, "it is missing: the file is cut short");
  }
  return check.size();
}

function createCheck() {
  const tasks = new Map<string, Progress>();
  const artifactIds = new Set<string>();
  const contents = new Map<string, { size: number; seen: boolean }>();
  const ofTask = (task_id: string, use: (known: Progress) => string | undefined) => {
    const known = tasks.get(task_id);
    return known === undefined ? `task ${JSON.stringify(task_id)} has not come before it` : use(known);
  };
  const artifact = ({ task_id, artifact_id, sha256, size }: BundledArtifact) =>
    ofTask(task_id, () => {
      if (artifactIds.has(artifact_id)) {
        return "its artifact_id has come before";
      }
      artifactIds.add(artifact_id);
      const known = contents.get(sha256);
      contents.set(sha256, known ?? { size, seen: false });
      return known === undefined || known.size === size ? undefined : "its size is another than before";
    });
  const content = (sha256: string, base64: string) => {
    const bytes = Buffer.from(base64, "base64");
    const known = contents.get(sha256);
    if (known === undefined || known.seen) {
      return known === undefined ? "no artifact has this content" : "this content has come before";
    }
    known.seen = true;
    return hashOf(bytes) === sha256 && bytes.length === known.size ? undefined : "its bytes have another hash or size";
  };
  const next = (is: number, should: number) =>
    is === should ? undefined : `number ${should} of this task was expected`;
  const end = () => {
    const open = [...tasks.values()].find(
      ({ task, checkpoints, events }) => task.version !== events || task.checkpoint_count !== checkpoints,
    );
    const missing = [...contents].find(([, { seen }]) => !seen);
    if (open !== undefined) {
      return `the history or the checkpoints of the task on line ${open.line} are not complete`;
    }
    return missing && `the content ${missing[0]} is missing`;
  };
  return {
    size: (): BundleSize => ({ tasks: tasks.size, artifacts: artifactIds.size }),
    /** What is wrong with a line after those before it. */
    take(line: BundleLine, number: number): string | undefined {
      if ("task" in line) {
        const { task } = line;
        const flaw = tasks.has(task.task_id) ? "its task_id has come before" : flawOfTask(task);
        tasks.set(task.task_id, { task, line: number, checkpoints: 0, events: 0 });
        return flaw;
      }
      if ("checkpoint" in line) {
        return ofTask(line.checkpoint.task_id, (known) => next(line.checkpoint.number, ++known.checkpoints));
      }
      if ("event" in line) {
        return ofTask(line.event.task_id, (known) => next(line.event.version, ++known.events));
      }
      if ("artifact" in line) {
        return artifact(line.artifact);
      }
      return "content" in line ? content(line.content.sha256, line.content.base64) : end();
    },
  };
}

/** What a status goes with. */
function flawOfTask({ status, current_owner, lease_seconds, handoff, exhausted }: BundledTask): string | undefined {
  if (status === "in_progress" && (current_owner === undefined || lease_seconds === undefined)) {
    return "a task in_progress has an owner and lease_seconds";
  }
  if ((status === "handoff_ready") !== (handoff !== undefined)) {
    return "a task that is handoff_ready, and no other, has a handoff";
  }
  return (status === "agent_exhausted") === (exhausted !== undefined)
    ? undefined
    : "a task that is agent_exhausted, and no other, says by whom";
}

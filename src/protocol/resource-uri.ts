/** A task, its brief, one of its checkpoints by number, or one of its artifacts by id or name; names are percent-encoded. */
const URI = /^task:\/\/([^/?#]+)(?:\/(?:(brief)|(checkpoints|artifacts)\/([^/?#]+)))?\/?$/;

/** What a URI of ours names. */
export interface ResourceUri {
  task_id: string;
  /** `brief`, `checkpoints` or `artifacts`; absent for the task itself. */
  kind?: string | undefined;
  /** The checkpoint's number, or the artifact's id or name. */
  part?: string | undefined;
}

/** A URI taken apart; nothing where it is none of ours. */
export function parseUri(uri: string): ResourceUri | undefined {
  const [, task_id, brief, parts, part] = URI.exec(uri) ?? [];
  try {
    return task_id === undefined
      ? undefined
      : { task_id: decodeURIComponent(task_id), kind: brief ?? parts, part: part && decodeURIComponent(part) };
  } catch {
    return undefined;
  }
}

/** The task's resource, by whose changes a subscriber to `uri` is told: brief and artifacts change with their task. */
export function topicOf(uri: string): string | undefined {
  const parsed = parseUri(uri);
  return parsed === undefined || parsed.kind === "checkpoints" ? undefined : `task://${parsed.task_id}`;
}

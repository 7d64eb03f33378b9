/** A task, one of its checkpoints by number, or one of its artifacts by id or name; names are percent-encoded. */
const URI = /^task:\/\/([^/?#]+)(?:\/(checkpoints|artifacts)\/([^/?#]+))?\/?$/;

/** What a URI of ours names. */
export interface ResourceUri {
  task_id: string;
  kind?: string | undefined;
  /** The checkpoint's number, or the artifact's id or name. */
  part?: string | undefined;
}

/** A URI taken apart; nothing where it is none of ours. */
export function parseUri(uri: string): ResourceUri | undefined {
  const [, task_id, kind, part] = URI.exec(uri) ?? [];
  try {
    return task_id === undefined
      ? undefined
      : { task_id: decodeURIComponent(task_id), kind, part: part === undefined ? undefined : decodeURIComponent(part) };
  } catch {
    return undefined;
  }
}

/** The task's resource, by whose changes a subscriber to `uri` is told: an artifact changes with its task. */
export function topicOf(uri: string): string | undefined {
  const parsed = parseUri(uri);
  return parsed === undefined || parsed.kind === "checkpoints" ? undefined : `task://${parsed.task_id}`;
}

import { type Acknowledgement, acknowledge, conclude, type Decision, type Deed } from "./changes.ts";
import { timestamp } from "./instant.ts";
import { acceptOffer } from "./ownership.ts";
import type { TaskView } from "./task.ts";

export const ARTIFACT_KINDS = ["file", "diff", "log"] as const;

export type ArtifactKind = (typeof ARTIFACT_KINDS)[number];

/** The most bytes one artifact may have. */
export const ARTIFACT_BYTES = 10 * 1024 * 1024;

/** What is known of a file, diff or log attached to a task; its bytes lie in the artifacts folder under `sha256`. */
export interface Artifact {
  artifact_id: string;
  name: string;
  kind: ArtifactKind;
  mime_type: string;
  /** Bytes. */
  size: number;
  sha256: string;
  agent?: string | undefined;
  created_at: string;
}

/** Media types whose bytes are read as text where they are UTF-8; `application/octet-stream` says nothing against it. */
const TEXT_TYPE =
  /^text\/|^application\/octet-stream\b|[/+](?:x-)?(?:json|ndjson|jsonl|xml|yaml|toml|javascript|typescript|sh|sql|diff|patch)\b/i;

/** Whether an artifact of this media type is text, provided that its bytes are. */
export function isTextType(mime_type: string): boolean {
  return TEXT_TYPE.test(mime_type);
}

/** What an artifact's row needs beside the moment and the agent. */
export type NewArtifact = Omit<Artifact, "agent" | "created_at">;

/** Attaches an artifact whose bytes are already on disk. The same bytes under the same name again change nothing. */
export function attachArtifact(
  view: TaskView,
  attached: NewArtifact,
  deed: Deed,
): Decision<Acknowledgement & { artifact: Artifact }> {
  const arrival = acceptOffer(view.task, deed);
  const known = view.artifacts.find(
    ({ name, kind, mime_type, sha256 }) =>
      name === attached.name &&
      kind === attached.kind &&
      mime_type === attached.mime_type &&
      sha256 === attached.sha256,
  );
  const artifact = known ?? { ...attached, agent: deed.agent, created_at: timestamp(deed.now) };
  const draft =
    known === undefined
      ? { task: arrival.task, effects: [...arrival.effects, "artifact_attached" as const], artifact }
      : arrival;
  const { task, ...written } = conclude(view, draft, deed);
  return { answer: { ...acknowledge(task, deed), artifact }, ...written };
}

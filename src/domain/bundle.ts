import { z } from "zod";
import { AGENT_CHARACTERS, AGENT_PATTERN } from "./agent.ts";
import { ARTIFACT_BYTES, ARTIFACT_KINDS } from "./artifact.ts";
import { LEASE_SECONDS } from "./bounds.ts";
import { artifactFields, checkpointFields, taskFields } from "./fields.ts";
import { STATUSES } from "./lifecycle.ts";
import { longText, shortText } from "./text.ts";

/** What stands on the first line of a bundle; the format is described in docs/bundle.md. */
export const BUNDLE = { format: "mcp-task-server bundle", version: 1 } as const;

const agent = shortText(AGENT_CHARACTERS).min(1).regex(AGENT_PATTERN);
const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, "a time such as 2026-01-31T12:00:00.000Z is accepted");
const number = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const words = longText(64 * 1024);
const document = z.record(z.string(), z.unknown());

/** A task, without its lease: the owner stays, its time has run out. Nothing of a line is changed by its schema. */
const task = z.strictObject({
  task_id: taskFields.task_id,
  title: taskFields.title,
  goal: taskFields.goal,
  repo_path: taskFields.repo_path.optional(),
  status: z.enum(STATUSES),
  current_owner: agent.optional(),
  owned_since: time.optional(),
  /** How long a lease of the owner lasts. */
  lease_seconds: z.int().min(LEASE_SECONDS.least).max(LEASE_SECONDS.most).optional(),
  priority: taskFields.priority,
  tags: z.array(shortText(64).min(1)).max(32),
  handoff: z
    .strictObject({
      from_agent: agent,
      to_agent: agent.optional(),
      reason: words.optional(),
      offered_at: time,
      expires_at: time,
      lapsed_for: agent.optional(),
    })
    .optional(),
  exhausted: z
    .strictObject({ agent, reason: words.optional(), resets_at: shortText(64).optional(), at: time })
    .optional(),
  predecessor: z
    .strictObject({
      agent,
      how: z.enum(["handoff", "exhausted", "lapsed", "forced", "handed_over", "released"]),
      reason: words.optional(),
      at: time,
    })
    .optional(),
  attempts: z.array(z.strictObject({ agent, count: number })).max(64),
  bounced: z.strictObject({ between: z.tuple([agent, agent]), times: number }).optional(),
  described_by: agent.optional(),
  described_at: z.union([time, z.literal("")]),
  content_hash: shortText(128),
  checkpoint_count: number,
  version: number.min(1),
  created_at: time,
  updated_at: time,
});

const path = shortText(4096);

/** See `RepoState` in drift.ts. */
const repoState = z.strictObject({
  remote: path.optional(),
  branch: path.optional(),
  head: shortText(64).optional(),
  files: z
    .array(
      z.strictObject({
        path,
        status: z.enum(["modified", "added", "untracked", "deleted", "conflicted", "committed"]),
        size: number.optional(),
        sha256: sha256.optional(),
        mtime: z.number().min(0).optional(),
        link: z.literal(true).optional(),
      }),
    )
    .max(1000)
    .readonly(),
  partial: z.enum(["untracked", "files"]).optional(),
});

const checkpoint = z.strictObject({
  task_id: taskFields.task_id,
  number: number.min(1),
  agent: agent.optional(),
  created_at: time,
  completed_steps: checkpointFields.completed_steps.readonly(),
  remaining_steps: checkpointFields.remaining_steps.readonly(),
  test_results: checkpointFields.test_results.readonly(),
  resume_prompt: checkpointFields.resume_prompt.optional(),
  context: checkpointFields.context.optional(),
  origins: document.optional(),
  repo_state: repoState.optional(),
});

const artifact = z.strictObject({
  task_id: taskFields.task_id,
  artifact_id: taskFields.task_id,
  name: artifactFields.name,
  kind: z.enum(ARTIFACT_KINDS),
  mime_type: artifactFields.mime_type,
  size: number.max(ARTIFACT_BYTES),
  sha256,
  agent: agent.optional(),
  created_at: time,
});

const event = z.strictObject({
  task_id: taskFields.task_id,
  version: number.min(1),
  command: shortText(64).min(1),
  agent: agent.optional(),
  at: time,
  effects: z.array(shortText(64)).max(32).readonly(),
  changes: document,
});

const content = z.strictObject({ sha256, base64: z.base64() });
const end = z.strictObject({ lines: number, sha256 });

export type BundledTask = z.infer<typeof task>;
export type BundledArtifact = z.infer<typeof artifact>;

/** A line of a bundle after the first. */
export type BundleLine =
  | { task: BundledTask }
  | { checkpoint: z.infer<typeof checkpoint> }
  | { artifact: BundledArtifact }
  | { content: z.infer<typeof content> }
  | { event: z.infer<typeof event> }
  /** The last: how many lines come before it, and the SHA-256 of their bytes. */
  | { end: z.infer<typeof end> };

const SCHEMAS: Readonly<Record<string, z.ZodType>> = { task, checkpoint, artifact, content, event, end };

/** What is wrong with a line, in a few words; nothing where it may be taken as it is. */
export function flawOfLine(value: unknown): string | undefined {
  if (!isStorable(value, 0)) {
    return "it holds text that cannot be stored (U+0000, half a character), or is nested too deep";
  }
  const [kind, ...more] = Object.keys(Object(value));
  const schema = kind !== undefined && more.length === 0 && Object.hasOwn(SCHEMAS, kind) ? SCHEMAS[kind] : undefined;
  if (schema === undefined) {
    return `it is none of ${Object.keys(SCHEMAS).join(", ")}`;
  }
  const issue = schema.safeParse(Object(value)[kind ?? ""]).error?.issues[0];
  return issue && `${[kind, ...issue.path].join(".")}: ${issue.message}`;
}

/** Whether a line is one of a bundle. */
export function isBundleLine(value: unknown): value is BundleLine {
  return flawOfLine(value) === undefined;
}

const DEPTH = 64;

function isStorable(value: unknown, depth: number): boolean {
  if (typeof value === "string") {
    return value.isWellFormed() && !value.includes("\0");
  }
  if (typeof value !== "object" || value === null) {
    return true;
  }
  return (
    depth < DEPTH && Object.entries(value).every(([key, inner]) => isStorable(key, 0) && isStorable(inner, depth + 1))
  );
}

import { z } from "zod";
import { AGENT_CHARACTERS, AGENT_PATTERN } from "./agent.ts";
import { longText, shortText } from "./text.ts";

const KIB = 1024;

/** An agent's name, trimmed; see `agent.ts` for when two names are one agent. */
export const agentName = shortText(AGENT_CHARACTERS)
  .trim()
  .min(1, "it is empty; a name of 1–64 printable characters is accepted")
  .regex(AGENT_PATTERN, "it has unprintable characters; 1–64 printable characters are accepted");

/**
 * The limits of a task's fields. Published are those that a text of good will could reach (`maxLength` of titles and
 * names): `tools/list` is paid for in every conversation, and a refusal names the limit.
 */
export const taskFields = {
  task_id: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
      "1–128 characters of A-Z a-z 0-9 . _ - are accepted, starting with a letter or digit",
    ),
  title: shortText(200).regex(/\S/, "it is blank; 1–200 characters are accepted").meta({ maxLength: 200 }),
  goal: longText(64 * 1024),
  repo_path: longText(4096).min(1, "it is empty; a path is accepted"),
  priority: z.int().min(0).max(4),
  tags: z
    .array(shortText(64).trim().min(1, "it is empty; 1–64 characters are accepted"))
    .max(32)
    .transform((tags) => [...new Set(tags)]),
  reason: longText(2048),
};

const count = z.int().min(0).max(1e9).optional();

/** One run of tests, as an agent reports it. */
export const testRun = z.strictObject({
  command: longText(2 * KIB)
    .optional()
    .describe("Command line"),
  suite: shortText(200).optional().describe("What was tested"),
  status: z.enum(["passed", "failed", "error", "skipped"]).describe("Outcome"),
  passed: count.describe("Tests passed"),
  failed: count.describe("Tests failed"),
  skipped: count.describe("Tests skipped"),
  duration_ms: z.number().min(0).max(1e12).optional().describe("Milliseconds"),
  output: longText(16 * KIB)
    .optional()
    .describe("What matters of it"),
});

export type TestRun = z.infer<typeof testRun>;

const step = longText(2 * KIB).min(1, "it is empty; a few words are accepted");

/** The limits of a checkpoint's fields. */
export const checkpointFields = {
  completed_steps: z.array(step).max(256),
  remaining_steps: z.array(step).max(256),
  test_results: z.array(testRun).max(100),
  resume_prompt: longText(64 * KIB),
  context: longText(64 * KIB),
};

/** Names are plain text, never paths: slashes and dots mean nothing. */
export const artifactFields = {
  name: shortText(200)
    .min(1, "it is empty; 1–200 characters are accepted")
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]+$/u, "it has control characters; 1–200 other characters are accepted")
    .meta({ maxLength: 200 }),
  mime_type: shortText(127).regex(
    /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:;.*)?$/,
    "a media type such as text/plain is accepted",
  ),
};

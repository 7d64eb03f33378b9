import { z } from "zod";
import { ARTIFACT_BYTES } from "../domain/artifact.ts";
import { quote } from "../domain/clean.ts";
import { TaskError } from "../domain/errors.ts";
import { unknownTask } from "../domain/task.ts";
import { endWithin, shortText, wholeCharacters } from "../domain/text.ts";
import { release } from "../memory.ts";
import type { Store } from "../store/store.ts";
import { PAGE_CHARACTERS } from "./page.ts";
import { asText, readArtifact } from "./read-artifact.ts";
import { taskId } from "./shapes.ts";
import { defineTool } from "./tool.ts";

/** Of text, no more can fit: a character of JSON stands for at most three bytes of UTF-8. */
const TEXT_BYTES = 3 * PAGE_CHARACTERS;
/** A multiple of three, so that the Base64 of one answer after the other is that of the whole. */
const BASE64_BYTES = (PAGE_CHARACTERS / 4) * 3;
/** How far a character may reach beyond the byte it was asked for by. */
const MARGIN = 3;
/** How many artifacts a refusal names. */
const NAMED = 5;

export const getArtifact = defineTool({
  name: "get_artifact",
  title: "Get artifact",
  description:
    "Read an artifact of a task: text as content, other bytes as content_base64, as much as fits. next_offset is where to go on.",
  effect: "read",
  input: z.strictObject({
    task_id: taskId,
    artifact: shortText(200).min(1, "it is empty; an artifact's id or name is accepted").describe("Its id or name"),
    offset: z.int().min(0).max(ARTIFACT_BYTES).optional().describe("First byte"),
    limit: z.int().min(1).max(ARTIFACT_BYTES).optional().describe("Most bytes"),
  }),
  output: z.looseObject({
    size: z.number(),
    offset: z.number(),
    content: z.string().optional(),
    content_base64: z.string().optional(),
    next_offset: z.number().optional(),
  }),
  async run({ store, artifacts }, { task_id, artifact: wanted, offset = 0, limit = ARTIFACT_BYTES }) {
    const artifact = await store.artifact(task_id, wanted);
    if (artifact === undefined) {
      throw await unknownArtifact(store, task_id, wanted);
    }
    const { artifact_id, name, mime_type, size, sha256 } = artifact;
    if (offset > size) {
      throw new TaskError(
        "invalid",
        `Cannot get artifact ${quote(wanted)}: offset ${offset} is beyond its end; 0–${size} is accepted`,
        { size },
      );
    }
    const from = Math.max(0, offset - MARGIN);
    const length = offset - from + Math.min(limit, TEXT_BYTES) + MARGIN;
    const { bytes, text } = await readArtifact(artifacts, task_id, artifact, { offset: from, length });
    const part = text ? textPart(bytes, offset - from, limit) : bytesPart(bytes, offset - from, limit);
    release(bytes);
    const { start, end, ...content } = part;
    const next_offset = from + end < size ? from + end : undefined;
    return { artifact_id, name, mime_type, size, sha256, offset: from + start, ...content, next_offset };
  },
});

function textPart(bytes: Uint8Array, first: number, limit: number) {
  const [start, end] = wholeCharacters(bytes, first, Math.min(limit, TEXT_BYTES));
  const fitting = start + endWithin(bytes.subarray(start, end), PAGE_CHARACTERS);
  return { start, end: fitting, content: asText(bytes.subarray(start, fitting)) };
}

function bytesPart(bytes: Uint8Array, start: number, limit: number) {
  const part = bytes.subarray(start, start + Math.min(limit, BASE64_BYTES));
  return { start, end: start + part.length, content_base64: Buffer.from(part).toString("base64") };
}

/** The refusal of an artifact that the task does not have, naming the newest of those that it has. */
async function unknownArtifact(store: Store, task_id: string, wanted: string): Promise<TaskError> {
  const view = await store.find(task_id);
  if (view === undefined) {
    return unknownTask("get artifact of task", task_id);
  }
  const names = [...new Set(view.artifacts.map(({ name }) => name))].toReversed();
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more, in get_task,` : "";
  const accepted =
    names.length === 0 ? "it has none yet" : `${names.slice(0, NAMED).map(quote).join(", ")}${more} are accepted`;
  return new TaskError(
    "not_found",
    `Cannot get artifact ${quote(wanted)}: task ${quote(task_id)} has none of this id or name; ${accepted}`,
  );
}

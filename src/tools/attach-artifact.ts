import { z } from "zod";
import { ARTIFACT_BYTES, ARTIFACT_KINDS, type ArtifactKind, attachArtifact as attach } from "../domain/artifact.ts";
import { quote } from "../domain/clean.ts";
import { TaskError } from "../domain/errors.ts";
import { artifactFields } from "../domain/fields.ts";
import { unknownTask } from "../domain/task.ts";
import { base64 } from "../domain/text.ts";
import { collectSoon, LARGE_BYTES, release } from "../memory.ts";
import { areUtf8 } from "../store/artifacts.ts";
import { agentOf } from "./caller.ts";
import { deedOf } from "./deed.ts";
import { acknowledgement, callingAgent, taskId } from "./shapes.ts";
import { defineTool, type ToolContext } from "./tool.ts";

const MIME_TYPES: Readonly<Record<ArtifactKind, string>> = {
  file: "text/plain",
  diff: "text/x-diff",
  log: "text/plain",
};

export const attachArtifact = defineTool({
  name: "attach_artifact",
  title: "Attach artifact",
  description:
    "Attach a file, diff or log, for what is too large or too exact for a checkpoint. Give exactly one of content, content_base64, path.",
  effect: "write",
  input: z.strictObject({
    task_id: taskId,
    name: artifactFields.name.describe("Name, plain text"),
    kind: z.enum(ARTIFACT_KINDS).default("file").describe("What it is"),
    content: z.string().optional().describe("The text itself"),
    content_base64: base64().optional().describe("The bytes, Base64"),
    path: z.string().min(1).max(4096).optional().describe("File in the task's repository (stdio only)"),
    mime_type: artifactFields.mime_type.optional().describe("Media type"),
    agent: callingAgent,
  }),
  output: z.looseObject({ ...acknowledgement, artifact_id: z.string() }),
  async run(context, { task_id, agent, name, kind, mime_type, ...source }) {
    const { store, artifacts, caller, id } = context;
    // Before anything is read or kept: the file at `path` may be another by now.
    const before = await context.answered?.<Attached>();
    if (before !== undefined) {
      return flat(before);
    }
    const bytes = await storableBytes(context, task_id, source);
    const size = bytes.length;
    if (size > ARTIFACT_BYTES) {
      const reason = `it has ${size} bytes; at most ${ARTIFACT_BYTES} are accepted`;
      throw new TaskError("too_large", `Cannot attach artifact ${quote(name)}: ${reason}`, {
        size,
        maximum: ARTIFACT_BYTES,
      });
    }
    const by = agentOf(caller, agent);
    const known = await store.peek(task_id);
    if (known === undefined) {
      throw unknownTask("attach artifact to task", task_id);
    }
    const sha256 = await artifacts.keep(bytes);
    const attached = { artifact_id: id(), name, kind, mime_type: mime_type ?? guessType(kind, bytes), size, sha256 };
    release(bytes);
    if (size >= LARGE_BYTES) {
      collectSoon();
    }
    const deed = deedOf(context, "attach_artifact", { agent: by });
    const answer = await store.write<Attached>({
      select: { task_id },
      decide(view, now) {
        const decision = attach(view, attached, deed(now));
        return { ...decision, answer: { ...decision.answer, secrets: context.secretsFound?.() } };
      },
    });
    return flat(answer);
  },
});

/** With what was said of secrets: where a repeat is answered, the file at `path` is not looked at again. */
type Attached = ReturnType<typeof attach>["answer"] & { secrets?: object | undefined };

function flat({ artifact, secrets, ...acknowledged }: Attached) {
  return {
    ...acknowledged,
    artifact_id: artifact.artifact_id,
    sha256: artifact.sha256,
    size: artifact.size,
    ...secrets,
  };
}

interface Source {
  content?: string | undefined;
  content_base64?: string | undefined;
  path?: string | undefined;
}

/** `content` was scanned for secrets with the arguments; the bytes of the other two are known only here. */
async function storableBytes(context: ToolContext, task_id: string, source: Source): Promise<Uint8Array> {
  const bytes = await bytesOf(context, task_id, source);
  if (source.content !== undefined || context.withoutSecrets === undefined) {
    return bytes;
  }
  const storable = await context.withoutSecrets(bytes);
  if (storable !== bytes) {
    release(bytes);
  }
  return storable;
}

async function bytesOf({ store, readFile }: ToolContext, task_id: string, source: Source): Promise<Uint8Array> {
  const { content, content_base64, path } = source;
  if ([content, content_base64, path].filter((given) => given !== undefined).length !== 1) {
    throw new TaskError(
      "invalid",
      "Cannot attach artifact: exactly one of content, content_base64 and path is accepted",
    );
  }
  if (path === undefined) {
    return content === undefined ? Buffer.from(content_base64 ?? "", "base64") : Buffer.from(content);
  }
  if (readFile === undefined) {
    throw new TaskError(
      "forbidden",
      "Cannot attach artifact by path: a server over HTTP reads no files; content or content_base64 is accepted",
    );
  }
  const known = await store.peek(task_id);
  if (known === undefined) {
    throw unknownTask("attach artifact to task", task_id);
  }
  return readFile(known.repo_path, path);
}

/** What bytes are taken for when nobody says: text where they are text. */
function guessType(kind: ArtifactKind, bytes: Uint8Array): string {
  return areUtf8(bytes) ? MIME_TYPES[kind] : "application/octet-stream";
}

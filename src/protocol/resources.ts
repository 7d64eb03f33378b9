import { oneLine, quote } from "../domain/clean.ts";
import { type TaskView, wholeTask } from "../domain/task.ts";
import { briefOf } from "../tools/drift.ts";
import { readArtifact } from "../tools/read-artifact.ts";
import { ProtocolError } from "./failure.ts";
import type { RequestContext, Services } from "./handlers.ts";
import { HeldText } from "./held-text.ts";
import { type Members, RPC } from "./jsonrpc.ts";
import { parseUri } from "./resource-uri.ts";

const PAGE = 100;

/** Artifacts of so many bytes are printed as they are sent. An answer with less may be kept for a client that comes back. */
const HELD_BYTES = 4 * 1024 * 1024;

/** `resources/list`: the tasks, the last updated first. */
export async function listResources({ tools }: Services, { cursor }: Members): Promise<Members> {
  if (cursor !== undefined && typeof cursor !== "string") {
    throw new ProtocolError(RPC.invalidParams, "Cannot list resources: cursor must be a string");
  }
  const { entries, next_cursor } = await tools.store.list({}, { limit: PAGE, cursor });
  const resources = entries.map(({ task_id, title, status }) => ({
    uri: `task://${task_id}`,
    name: task_id,
    title: oneLine(title),
    description: status,
    mimeType: "application/json",
  }));
  return next_cursor === undefined ? { resources } : { resources, nextCursor: next_cursor };
}

/** `resources/templates/list`. */
export function listTemplates(): Members {
  return {
    resourceTemplates: [
      {
        uriTemplate: "task://{task_id}",
        name: "task",
        title: "Task",
        description: "A whole task: goal, progress, owner, artifacts",
        mimeType: "application/json",
      },
      {
        uriTemplate: "task://{task_id}/brief",
        name: "brief",
        title: "Resume brief",
        description: "What is needed to go on with a task, in one short text",
        mimeType: "text/markdown",
      },
      {
        uriTemplate: "task://{task_id}/checkpoints/{number}",
        name: "checkpoint",
        title: "Checkpoint",
        description: "A task's progress as of one checkpoint, 1 being the first",
        mimeType: "application/json",
      },
      {
        uriTemplate: "task://{task_id}/artifacts/{artifact}",
        name: "artifact",
        title: "Artifact",
        description: "A file, diff or log attached to a task, by id or name",
      },
    ],
  };
}

/** `resources/read`. Throws -32002 for what is not there. */
export async function readResource(services: Services, { uri }: Members, context: RequestContext): Promise<Members> {
  if (typeof uri !== "string") {
    throw new ProtocolError(RPC.invalidParams, "Cannot read resource: uri must be a string");
  }
  const parsed = parseUri(uri);
  if (parsed === undefined) {
    const accepted = [
      "task://<task_id>",
      "task://<task_id>/brief",
      "task://<task_id>/checkpoints/<number>",
      "task://<task_id>/artifacts/<artifact>",
    ];
    throw notFound(uri, `${accepted.join(", ")} are accepted`);
  }
  const { task_id, kind, part } = parsed;
  if (part === undefined) {
    return { contents: [await (kind === "brief" ? readBrief : readTask)(services, uri, task_id)] };
  }
  return {
    contents: [
      kind === "checkpoints"
        ? await readCheckpoint(services, uri, task_id, part)
        : await artifactContent(services, context, { uri, task_id, id_or_name: part }),
    ],
  };
}

async function readTask(services: Services, uri: string, task_id: string): Promise<Members> {
  const view = await viewOf(services, uri, task_id);
  return { uri, mimeType: "application/json", text: JSON.stringify(wholeTask(view)) };
}

async function readBrief(services: Services, uri: string, task_id: string): Promise<Members> {
  const { brief } = await briefOf(services.tools, await viewOf(services, uri, task_id));
  return { uri, mimeType: "text/markdown", text: brief };
}

async function viewOf({ tools }: Services, uri: string, task_id: string): Promise<TaskView> {
  const view = await tools.store.find(task_id);
  if (view === undefined) {
    throw notFound(uri, "there is no such task");
  }
  return view;
}

async function readCheckpoint({ tools }: Services, uri: string, task_id: string, number: string): Promise<Members> {
  const checkpoint = /^[1-9]\d{0,14}$/.test(number) ? await tools.store.checkpoint(task_id, Number(number)) : undefined;
  if (checkpoint === undefined) {
    throw notFound(uri, "the task has no such checkpoint");
  }
  return { uri, mimeType: "application/json", text: JSON.stringify({ task_id, ...checkpoint }) };
}

async function artifactContent(
  { tools }: Services,
  { reserve }: RequestContext,
  { uri, task_id, id_or_name }: { uri: string; task_id: string; id_or_name: string },
): Promise<Members> {
  const artifact = await tools.store.artifact(task_id, id_or_name);
  if (artifact === undefined) {
    throw notFound(uri, "the task has no such artifact");
  }
  const { mime_type: mimeType, size } = artifact;
  const release = await reserve(size);
  try {
    const { bytes, text } = await readArtifact(tools.artifacts, task_id, artifact);
    const content = new HeldText(bytes, text ? "utf8" : "base64");
    return { uri, mimeType, [text ? "text" : "blob"]: size < HELD_BYTES ? content.toJSON() : content };
  } finally {
    // In a later turn of the event loop: by then the answer is on its way, and counts as unread.
    setTimeout(release, 0);
  }
}

function notFound(uri: string, reason: string): ProtocolError {
  return new ProtocolError(RPC.resourceNotFound, `Cannot read resource ${quote(uri)}: ${reason}`, { uri });
}

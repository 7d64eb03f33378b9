import { type Artifact, isTextType } from "../domain/artifact.ts";
import { quote } from "../domain/clean.ts";
import { TaskError } from "../domain/errors.ts";
import { type Artifacts, DamagedArtifact } from "../store/artifacts.ts";

/**
 * An artifact's bytes, or a range of them, and whether they are shown as text: the whole is UTF-8, and its media type says
 * nothing else. Throws `internal` for bytes that are damaged or gone.
 */
export async function readArtifact(
  artifacts: Artifacts,
  task_id: string,
  artifact: Artifact,
  range?: { offset: number; length: number },
): Promise<{ bytes: Uint8Array; text: boolean }> {
  try {
    const { bytes, utf8 } = await artifacts.read(artifact, range);
    return { bytes, text: utf8 && isTextType(artifact.mime_type) };
  } catch (cause) {
    if (!(cause instanceof DamagedArtifact)) {
      throw cause;
    }
    const { artifact_id, sha256 } = artifact;
    const what = `Cannot read artifact ${quote(artifact_id)} of task ${quote(task_id)}`;
    const mended = `attach_artifact with the original bytes (SHA-256 ${sha256}) mends it`;
    throw new TaskError("internal", `${what}: its stored bytes are damaged or missing; ${mended}`, undefined, {
      cause,
    });
  }
}

/** Bytes that are known to be UTF-8, exactly: a byte order mark stays. */
export function asText(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

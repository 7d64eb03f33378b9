import { constants, type Stats } from "node:fs";
import { type FileHandle, open, realpath, stat } from "node:fs/promises";
import { relative, resolve, sep } from "node:path";
import { ARTIFACT_BYTES } from "../domain/artifact.ts";
import { quote } from "../domain/clean.ts";
import { type ErrorCode, TaskError } from "../domain/errors.ts";
import { isGits, isWithin, topOf } from "./work-tree.ts";

/**
 * Reads a file of a repository: inside the real path of `repo_path`, which must be a git work tree and neither `/` nor
 * the home folder nor hold it. Links are followed first and judged by where they lead. A hard link is a file like any
 * other: who could make one could read the file. Of a file that grows meanwhile, it is what was there at first.
 *
 * Throws `forbidden` outside it and for git's own files, which hold credentials; `not_found`; `invalid` for what is no
 * regular file, which is never opened; `too_large` beyond 10 MiB.
 */
export async function readRepoFile(repo_path: string | undefined, path: string): Promise<Uint8Array> {
  const root = await workTree(repo_path, path);
  const real = await realpath(resolve(root, path)).catch(() => undefined);
  if (real === undefined) {
    throw refusal("not_found", path, `there is none in ${quote(root)}`);
  }
  if (real === root || !isWithin(root, real)) {
    throw refusal("forbidden", path, `it lies outside of ${quote(root)}`);
  }
  if (relative(root, real).split(sep).some(isGits)) {
    throw refusal("forbidden", path, "git's own files may hold credentials; a file of the work tree is accepted");
  }
  const named = await stat(real).catch(() => undefined);
  if (named !== undefined) {
    refuseUnlessPlain(named, path);
  }
  const file = await openPlain(real, path);
  try {
    return await readWhole(file, real, path);
  } finally {
    await file.close();
  }
}

/** Opened by its real path, without following a link that was put in its place meanwhile, and without waiting for a pipe. */
async function openPlain(real: string, path: string): Promise<FileHandle> {
  try {
    return await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EACCES" || code === "EPERM") {
      throw refusal("forbidden", path, "the server's user may not read it");
    }
    throw code === "ENOENT" || code === "ELOOP" || code === "ENXIO" ? moved(path) : error;
  }
}

async function readWhole(file: FileHandle, real: string, path: string): Promise<Uint8Array> {
  // Looked at again once open: whatever was put in its place, or in that of a folder above, is noticed.
  const opened = await file.stat();
  const [named, again] = await Promise.all([stat(real), realpath(real)]).catch(() => []);
  if (named === undefined || again !== real || opened.ino !== named.ino || opened.dev !== named.dev) {
    throw moved(path);
  }
  refuseUnlessPlain(opened, path);
  return readStart(file, opened.size);
}

/** The first `size` bytes of an open file, or as many as it has. */
export async function readStart(file: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(size);
  let length = 0;
  for (let read = -1; read !== 0 && length < bytes.length; length += read) {
    read = (await file.read(bytes, length, bytes.length - length, length)).bytesRead;
  }
  return bytes.subarray(0, length);
}

function refuseUnlessPlain(file: Stats, path: string): void {
  if (!file.isFile()) {
    throw refusal("invalid", path, "it is no regular file; a regular file is accepted");
  }
  if (file.size > ARTIFACT_BYTES) {
    throw refusal("too_large", path, `it has ${file.size} bytes; at most ${ARTIFACT_BYTES} are accepted`);
  }
}

async function workTree(repo_path: string | undefined, path: string): Promise<string> {
  const top = repo_path === undefined ? { unavailable: "the task has none" } : await topOf(repo_path);
  if ("unavailable" in top) {
    const reason = `the task's repo_path ${repo_path === undefined ? "" : `${quote(repo_path)} `}cannot be read from`;
    throw refusal(
      "forbidden",
      path,
      `${reason}: ${top.unavailable}; content or content_base64 is accepted instead, ` +
        "or a task whose repo_path is a git work tree",
    );
  }
  return top.root;
}

function moved(path: string): TaskError {
  return refusal("forbidden", path, "it was moved while it was being read");
}

function refusal(code: ErrorCode, path: string, reason: string): TaskError {
  return new TaskError(code, `Cannot read file ${quote(path)}: ${reason}`);
}

import { constants } from "node:fs";
import { lstat, open, realpath, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join, parse, relative, resolve, sep } from "node:path";
import { ARTIFACT_BYTES } from "../domain/artifact.ts";
import { quote } from "../domain/clean.ts";
import { TaskError } from "../domain/errors.ts";

/**
 * Reads a file of a repository: inside the real path of `repo_path`, which must be a git work tree and neither `/` nor
 * the home folder. Links are followed first and judged by where they lead.
 *
 * Throws `forbidden` outside it, `not_found`, `invalid` for what is no regular file, `too_large` beyond 10 MiB.
 */
export async function readRepoFile(repo_path: string | undefined, path: string): Promise<Uint8Array> {
  const root = await workTree(repo_path, path);
  const real = await realpath(resolve(root, path)).catch(() => undefined);
  if (real === undefined) {
    throw new TaskError("not_found", `Cannot read file ${quote(path)}: there is none in ${quote(root)}`);
  }
  if (!isInside(root, real)) {
    throw new TaskError("forbidden", `Cannot read file ${quote(path)}: it lies outside of ${quote(root)}`);
  }
  // Opened by its real path and looked at again once open: a link put in its place meanwhile is noticed.
  const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const [opened, named, again] = [await file.stat(), await stat(real), await realpath(real)];
    if (!opened.isFile()) {
      throw new TaskError(
        "invalid",
        `Cannot read file ${quote(path)}: it is no regular file; a regular file is accepted`,
      );
    }
    if (again !== real || opened.ino !== named.ino || opened.dev !== named.dev) {
      throw new TaskError("forbidden", `Cannot read file ${quote(path)}: it was moved while it was being read`);
    }
    if (opened.size > ARTIFACT_BYTES) {
      const reason = `it has ${opened.size} bytes; at most ${ARTIFACT_BYTES} are accepted`;
      throw new TaskError("too_large", `Cannot read file ${quote(path)}: ${reason}`);
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}

async function workTree(repo_path: string | undefined, path: string): Promise<string> {
  const refuse = (reason: string) =>
    new TaskError(
      "forbidden",
      `Cannot read file ${quote(path)}: ${reason}; content or content_base64 is accepted instead, ` +
        "or a task whose repo_path is a git work tree",
    );
  if (repo_path === undefined) {
    throw refuse("the task has no repo_path");
  }
  if (!isAbsolute(repo_path)) {
    throw refuse(`the task's repo_path ${quote(repo_path)} is not absolute`);
  }
  const root = await realpath(repo_path).catch(() => undefined);
  const home = await realpath(homedir()).catch(() => undefined);
  if (root === undefined || root === parse(root).root || root === home) {
    throw refuse(`the task's repo_path ${quote(repo_path)} is no folder that may be read from`);
  }
  const git = await lstat(join(root, ".git")).catch(() => undefined);
  if (git === undefined || git.isSymbolicLink()) {
    throw refuse(`the task's repo_path ${quote(repo_path)} is not a git work tree`);
  }
  return root;
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

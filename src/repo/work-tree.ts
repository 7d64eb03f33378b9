import { constants } from "node:fs";
import { lstat, open, realpath } from "node:fs/promises";
import { userInfo } from "node:os";
import { basename, dirname, isAbsolute, join, parse, relative, resolve, sep } from "node:path";
import type { Unavailable } from "../domain/drift.ts";
import { homeFolder } from "../home.ts";

/** The top of a git work tree, by its real path, and where its `.git` is or leads. */
export interface WorkTree {
  root: string;
  git_dir: string;
  /** Whether `.git` is that folder, or the folder it leads to names this work tree by a `gitdir` file. */
  linked: boolean;
}

/**
 * The real path of `repo_path`, when that is the top of a git work tree: absolute, neither `/` nor the home folder nor
 * above it, and no folder of git's own.
 */
export async function topOf(repo_path: string): Promise<{ root: string } | Unavailable> {
  // A path to another machine would have Windows sign in there.
  if (!isAbsolute(repo_path) || (process.platform === "win32" && /^[\\/]{2}/.test(repo_path))) {
    return { unavailable: "repo_path is not absolute" };
  }
  const root = await realpath(repo_path).catch(() => undefined);
  if (root === undefined) {
    return { unavailable: "there is no folder at repo_path" };
  }
  const homes = await Promise.all(homeFolders().map((home) => realpath(home).catch(() => home)));
  if (root === parse(root).root || homes.some((home) => isWithin(root, home))) {
    return { unavailable: "repo_path is the home folder or above it" };
  }
  const entry = await lstat(join(root, ".git")).catch(() => undefined);
  const inGit = relative(parse(root).root, root).split(sep).some(isGits);
  if (inGit || !(entry?.isDirectory() || entry?.isFile())) {
    return { unavailable: "repo_path is not the top of a git work tree" };
  }
  return { root };
}

/** The git work tree at `repo_path`, this user's own. Where `.git` is a file, `linked` says whether it is led back to. */
export async function findWorkTree(repo_path: string): Promise<WorkTree | Unavailable> {
  const top = await topOf(repo_path);
  if ("unavailable" in top) {
    return top;
  }
  const { root } = top;
  const dotGit = join(root, ".git");
  const entry = await lstat(dotGit);
  const git_dir = entry.isDirectory() ? dotGit : await real(await named(dotGit, /^gitdir: (.+?)\s*$/));
  if (git_dir === undefined) {
    return { unavailable: "its .git file leads nowhere" };
  }
  for (const path of [root, dotGit, git_dir]) {
    if (!(await isOwn(path))) {
      return { unavailable: "it belongs to another user" };
    }
  }
  const index = await lstat(join(git_dir, "index")).catch(() => undefined);
  if (index !== undefined && !index.isFile()) {
    return { unavailable: "its index is no regular file" };
  }
  const back = entry.isFile() ? await named(join(git_dir, "gitdir"), /^(.+?)\s*$/) : dotGit;
  const linked = back !== undefined && basename(back) === ".git" && (await real(dirname(back))) === root;
  return { root, git_dir, linked };
}

/** Whether `path` is `folder` or lies in it; both by their real paths. */
export function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Whether some file system takes this name for `.git`: without regard to case, invisible characters, or Windows' ways. */
export function isGits(name: string): boolean {
  return /^(?:\.git|git~\d+)[. ]*(?::.*)?$/i.test(name.replace(/\p{Cf}/gu, ""));
}

/** What HOME says and, where this user is known to the machine, what the machine says. */
function homeFolders(): string[] {
  try {
    return [homeFolder(), userInfo().homedir];
  } catch {
    return [homeFolder()];
  }
}

/** The place that a small file names, from its own folder. */
async function named(file: string, form: RegExp): Promise<string | undefined> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => undefined,
  );
  try {
    const opened = await handle?.stat();
    const text = opened?.isFile() && opened.size < 8192 ? await handle?.readFile("utf8") : undefined;
    const place = form.exec(text ?? "")?.[1];
    return place === undefined ? undefined : resolve(dirname(file), place);
  } finally {
    await handle?.close();
  }
}

async function real(path: string | undefined): Promise<string | undefined> {
  return path === undefined ? undefined : realpath(path).catch(() => undefined);
}

async function isOwn(path: string): Promise<boolean> {
  const user = process.geteuid?.();
  const uid = await lstat(path).then(
    (entry) => entry.uid,
    () => undefined,
  );
  return user === undefined || uid === user;
}

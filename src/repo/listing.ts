import { lstat, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { oneLine } from "../domain/clean.ts";
import type { Unavailable } from "../domain/drift.ts";
import type { RawName } from "./file-name.ts";
import type { Git } from "./git.ts";
import { withoutCredentials } from "./remote.ts";
import type { WorkTree } from "./work-tree.ts";

/** A file of the index. */
export interface Tracked {
  mode: string;
  /** Of its blob: SHA-1 or, 64 digits long, SHA-256. */
  hash: string;
  conflicted: boolean;
  /** How the file stood in the work tree when git last looked: milliseconds, bytes. */
  seen?: { mtime: number; ctime: number; size: number } | undefined;
}

/** What git says of a repository, without a look at the files themselves. */
export interface Listing {
  root: string;
  remote?: string | undefined;
  branch?: string | undefined;
  head?: string | undefined;
  /** Without what a sparse checkout leaves out, and without submodules. */
  tracked: ReadonlyMap<RawName, Tracked>;
  /** What differs between HEAD and index, by git's letter. */
  staged: ReadonlyMap<RawName, string>;
  untracked: readonly RawName[];
  /** When the index was written: what was changed since then may look as it did before; milliseconds. */
  indexed_at: number;
  /** What git could not, or not in time, list in full. */
  partial?: "untracked" | "files" | undefined;
}

/** How long git may take: past `soft` the lists stay unfinished, past `hard` there is no answer. */
export interface Patience {
  soft: AbortSignal;
  hard: AbortSignal;
}

const SKIPPED = "S";
const SUBMODULE = "160000";

/**
 * Asks git by commands that run nothing of the repository's: no filters, no file monitor, no hooks (measured: `status`,
 * `diff`, `diff-files` and `ls-files -m` do). Rejects when `hard` is aborted.
 */
export async function listRepo(git: Git, tree: WorkTree, { soft, hard }: Patience): Promise<Listing | Unavailable> {
  const list = (...args: string[]) =>
    git(args, AbortSignal.any([soft, hard])).catch((error: unknown) => {
      hard.throwIfAborted();
      if (soft.aborted) {
        return undefined;
      }
      throw error;
    });
  const lists = Promise.all([
    list("ls-files", "-s", "-t", "-z", "--debug"),
    list("ls-files", "-o", "--exclude-standard", "-z"),
    list("diff-index", "--cached", "-z", "--no-renames", "--no-ext-diff", "--ignore-submodules=dirty", "HEAD", "--"),
    lstat(join(tree.git_dir, "index")).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    ),
  ]);
  const [place, branch, head, remote] = await Promise.all([
    git(["rev-parse", "--path-format=absolute", "--show-toplevel", "--absolute-git-dir", "--git-common-dir"], hard),
    git(["symbolic-ref", "--short", "-q", "HEAD"], hard),
    git(["rev-parse", "-q", "--verify", "HEAD"], hard),
    git(["config", "--get", "remote.origin.url"], hard),
    // So that nobody waits for them in vain when git refuses.
    lists.catch(() => undefined),
  ]);
  const misplaced =
    place.code === 0 ? await refuse(git, tree, textOf(place.bytes).split("\n"), hard) : "git cannot read it";
  if (misplaced !== undefined) {
    return { unavailable: misplaced };
  }
  const [indexed, untracked, staged, indexed_at] = await lists;
  const said = ({ code, bytes }: { code: number; bytes: Buffer }) => (code === 0 ? textOf(bytes) : undefined);
  const url = said(remote);
  const [name, at] = [said(branch), said(head)];
  const index = indexed === undefined || indexed.code !== 0 ? undefined : parseIndex(indexed.bytes);
  const complete = index?.complete === true && !indexed?.cut && (at === undefined || isWhole(staged));
  return {
    root: tree.root,
    remote: url === undefined ? undefined : withoutCredentials(url),
    branch: name === undefined ? undefined : oneLine(name),
    head: at,
    tracked: index?.tracked ?? new Map(),
    staged: at === undefined ? allAdded(index?.tracked) : parseStaged(staged?.bytes),
    untracked: namesIn(untracked?.bytes).sort(),
    indexed_at,
    partial: complete ? (isWhole(untracked) ? undefined : "untracked") : "files",
  };
}

function isWhole(output: { code: number; cut: boolean } | undefined): boolean {
  return output !== undefined && output.code === 0 && !output.cut;
}

/** Why this is not the repository it should be: its configuration, or its `.git`, leads elsewhere. */
async function refuse(git: Git, tree: WorkTree, places: string[], signal: AbortSignal): Promise<string | undefined> {
  const [top, git_dir, common] = await Promise.all(
    places.slice(0, 3).map((place) => realpath(resolve(place)).catch(() => undefined)),
  );
  if (top !== tree.root) {
    return "its core.worktree leads elsewhere";
  }
  const shared = dirname(tree.git_dir);
  const isOwn = common === git_dir || (basename(shared) === "worktrees" && common === dirname(shared));
  if (git_dir !== tree.git_dir || !isOwn) {
    return "its .git folder leads elsewhere";
  }
  if (tree.linked) {
    return undefined;
  }
  const { code, bytes } = await git(["config", "--get", "core.worktree"], signal);
  const back = code === 0 ? await realpath(resolve(tree.git_dir, textOf(bytes))).catch(() => undefined) : undefined;
  return back === tree.root ? undefined : "its .git file leads to a folder that does not lead back";
}

/** `tag mode hash stage TAB name NUL`, then what the index holds of the file's stat, in lines. */
const INDEX_ENTRY =
  /([A-Za-z?]) (\d{6}) ([0-9a-f]{40,64}) ([0-3])\t([^\0]*)\0(?: {2}ctime: (\d+):(\d+)\n {2}mtime: (\d+):(\d+)\n {2}dev: \d+\tino: \d+\n {2}uid: \d+\tgid: \d+\n {2}size: (\d+)\tflags: [0-9a-f]+\n)?/gy;

function parseIndex(bytes: Buffer): { tracked: Map<RawName, Tracked>; complete: boolean } {
  const text = bytes.toString("latin1");
  const tracked = new Map<RawName, Tracked>();
  let end = 0;
  for (const match of text.matchAll(INDEX_ENTRY)) {
    end = match.index + match[0].length;
    const [, tag, mode = "", hash = "", stage, name = "", ctime, ctimeNs, mtime, mtimeNs, size] = match;
    if (tag === SKIPPED || mode === SUBMODULE) {
      continue;
    }
    const seen =
      size === undefined
        ? undefined
        : { mtime: milliseconds(mtime, mtimeNs), ctime: milliseconds(ctime, ctimeNs), size: Number(size) };
    tracked.set(name, { mode, hash, conflicted: stage !== "0", seen });
  }
  return { tracked, complete: end === text.length };
}

function milliseconds(seconds: string | undefined, nanoseconds: string | undefined): number {
  return Number(seconds) * 1e3 + Number(nanoseconds) / 1e6;
}

/** `:mode mode hash hash letter NUL name NUL`. */
function parseStaged(bytes: Buffer | undefined): Map<RawName, string> {
  const fields = namesIn(bytes);
  const staged = new Map<RawName, string>();
  for (let at = 0; at + 1 < fields.length; at += 2) {
    staged.set(fields[at + 1] ?? "", fields[at]?.split(" ")[4]?.[0] ?? "M");
  }
  return staged;
}

function allAdded(tracked: ReadonlyMap<RawName, Tracked> | undefined): Map<RawName, string> {
  return new Map([...(tracked?.keys() ?? [])].map((name) => [name, "A"]));
}

/** What each NUL ends; an unfinished name is left out. */
function namesIn(bytes: Buffer | undefined): RawName[] {
  return (bytes?.toString("latin1") ?? "").split("\0").slice(0, -1);
}

function textOf(bytes: Buffer): string {
  return bytes.toString().trimEnd();
}

/**
 * How a file stands to HEAD: its content differs from it, or is staged (`modified`, `added`), or it is not tracked, or
 * gone from the work tree, or unmerged. `committed` is only said of files that somebody asked about.
 */
export type FileStatus = "modified" | "added" | "untracked" | "deleted" | "conflicted" | "committed";

/** One file of a capture, known again by its hash or, beyond the limits of hashing, by size and time. */
export interface FileState {
  /** From the top of the work tree; quoted as git does where it is not plain text. */
  path: string;
  status: FileStatus;
  size?: number | undefined;
  /** Of the bytes in the work tree, unfiltered; of a link, of its text. */
  sha256?: string | undefined;
  /** Milliseconds; where there is no hash. */
  mtime?: number | undefined;
  link?: true | undefined;
}

/** A repository as it stood with a checkpoint; stored as JSON. */
export interface RepoState {
  /** Without credentials. */
  remote?: string | undefined;
  /** Absent when HEAD is detached. */
  branch?: string | undefined;
  /** Absent before the first commit. */
  head?: string | undefined;
  /** What differs from HEAD: what git tracks first, then what it does not, each by its name. */
  files: readonly FileState[];
  /** What is not listed in full: the files that git does not track, or any. */
  partial?: "untracked" | "files" | undefined;
}

/** One thing in which a repository is no longer as it was. Sides are absent where there was, or is, none. */
export type Drift =
  | { kind: "remote" | "branch" | "head"; old?: string | undefined; new?: string | undefined }
  /** Its content is not what it was: it was changed, or is as committed again. */
  | { kind: "file_changed" | "file_new"; path: string; now: FileStatus }
  | { kind: "file_missing"; path: string }
  | { kind: "incomplete"; reason: string }
  | { kind: "more"; count: number };

/** How a repository has drifted since a checkpoint, or why nobody can tell. */
export type DriftReport = { drift: readonly Drift[] } | { drift_unavailable: string };

/** Why a repository cannot be looked at, in words for the reader of an answer. */
export interface Unavailable {
  unavailable: string;
}

/** Looks at repositories. Nothing is thrown, nothing of a repository is run, and nothing takes longer than two seconds. */
export interface RepoReader {
  /** The repository as it stands now, for a checkpoint. */
  capture(repo_path: string): Promise<RepoState | Unavailable>;
  /** What is no longer as it was when `then` was captured. */
  drift(repo_path: string, then: RepoState): Promise<DriftReport>;
}

/** At most so many differences are told one by one. */
const TOLD = 20;

/** A longer path is told by its ends; characters. */
const PATH_CHARACTERS = 240;

/**
 * What has changed from one capture to the next, which must have looked at the files of the first as well: remote, branch,
 * HEAD, then files of the first, then others, each in the order of their capture. What could not be looked at is no
 * difference; that it could not is told.
 */
export function compareRepo(then: RepoState, now: RepoState): Drift[] {
  const files = compareFiles(then, now);
  const drift = [
    ...difference("remote", then.remote, now.remote),
    ...difference("branch", then.branch, now.branch),
    ...difference("head", then.head, now.head),
    ...files.drift,
  ];
  const told: Drift[] = drift.slice(0, TOLD);
  if (drift.length > TOLD) {
    told.push({ kind: "more", count: drift.length - TOLD });
  }
  if (then.partial !== undefined) {
    told.push({ kind: "incomplete", reason: "the checkpoint's capture does not hold every changed file" });
  }
  if (now.partial !== undefined || files.unknown) {
    told.push({ kind: "incomplete", reason: "not every file could be looked at now" });
  }
  return told;
}

function difference(kind: "remote" | "branch" | "head", old: string | undefined, now: string | undefined): Drift[] {
  return old === now ? [] : [{ kind, old, new: now }];
}

function compareFiles(then: RepoState, now: RepoState): { drift: Drift[]; unknown: boolean } {
  const live = new Map(now.files.map((file) => [file.path, file]));
  const known = new Set(then.files.map(({ path }) => path));
  const drift: Drift[] = [];
  let unknown = false;
  for (const file of then.files) {
    const today = live.get(file.path);
    const same = today === undefined ? undefined : sameContent(file, today);
    unknown ||= same === undefined;
    if (today !== undefined && same === false) {
      drift.push(fileDrift("file_changed", today));
    }
  }
  for (const file of now.files) {
    if (!known.has(file.path) && file.status !== "committed" && isNews(file, then)) {
      const isNew = file.status === "untracked" || file.status === "added";
      drift.push(fileDrift(isNew ? "file_new" : "file_changed", file));
    }
  }
  return { drift, unknown };
}

/** Whether a capture that does not list this file says by that, that it stood as committed or was not there. */
function isNews({ status }: FileState, { partial }: RepoState): boolean {
  return partial === undefined || (partial === "untracked" && status !== "untracked" && status !== "added");
}

/** Whether two looks at a file saw the same content, as far as they can tell. */
function sameContent(one: FileState, other: FileState): boolean | undefined {
  const [wasGone, isGone] = [one.status === "deleted", other.status === "deleted"];
  if (wasGone || isGone) {
    return wasGone && isGone;
  }
  if (one.size !== other.size || one.link !== other.link) {
    return false;
  }
  if (one.sha256 !== undefined && other.sha256 !== undefined) {
    return one.sha256 === other.sha256;
  }
  return one.sha256 === undefined && other.sha256 === undefined ? one.mtime === other.mtime : undefined;
}

function fileDrift(kind: "file_changed" | "file_new", { path, status }: FileState): Drift {
  const told = shortPath(path);
  return status === "deleted" ? { kind: "file_missing", path: told } : { kind, path: told, now: status };
}

function shortPath(path: string): string {
  const half = PATH_CHARACTERS / 2;
  return path.length <= PATH_CHARACTERS ? path : `${path.slice(0, half)}…${path.slice(-half)}`.toWellFormed();
}

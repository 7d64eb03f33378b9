import type { FileState, FileStatus, RepoState } from "../domain/drift.ts";
import { type RawName, rawName, toldName } from "./file-name.ts";
import { each, type Files, type Found, filesOf, HASHED_BYTES, isBlob, sha256 } from "./files.ts";
import type { Listing, Tracked } from "./listing.ts";

/** So many of a capture's files are hashed, and listed at all; and so many characters may the names of those have. */
const HASHED = 200;
const LISTED = 500;
const NAMES_CHARACTERS = 48 * 1024;

/** So many files, of so many bytes, are read to learn whether they differ from what git has. */
const READ = 2000;
const READ_BYTES = 64 * 1024 * 1024;

/** Times of file systems, in milliseconds as a double holds them. */
const EPSILON = 0.002;

interface Changed {
  status: FileStatus;
  found: Found;
  sha256?: string | undefined;
}

/** A tracked file that git would have to read again. */
interface Suspect {
  name: RawName;
  tracked: Tracked;
  found: Found & { kind: "file" | "link" };
}

/** One look at the work tree of a listing; it ends when `soft` is aborted, complete or not. */
interface Look {
  listing: Listing;
  files: Files;
  soft: AbortSignal;
  changed: Map<RawName, Changed>;
  suspects: Suspect[];
  /** Whether something may not be looked at. */
  blind: boolean;
}

/**
 * The capture that a listing leads to, once the files themselves are looked at: what differs from HEAD and, whether it
 * differs or not, what was `watched`, known in the same way. What there was no time for is left out, and that is said.
 */
export async function look(listing: Listing, watched: readonly FileState[], soft: AbortSignal): Promise<RepoState> {
  const { remote, branch, head, untracked, tracked, staged } = listing;
  const one: Look = { listing, files: filesOf(listing.root), soft, changed: new Map(), suspects: [], blind: false };
  const known = new Map(watched.map((file) => [rawName(file.path), file]));
  const names = new Set([...known.keys(), ...tracked.keys(), ...staged.keys()]);
  const complete = (await each(names, soft, (name) => inspect(one, name))) && (await settle(one, known)) && !one.blind;
  const differing = [...one.changed.keys()].filter((name) => !known.has(name)).sort();
  const others = untracked.filter((name) => !known.has(name) && !one.changed.has(name));
  const listed = within([...differing, ...others]);
  const files = complete && listing.partial !== "files" && listed.length >= differing.length;
  const cut = listing.partial !== undefined || listed.length < differing.length + others.length;
  return {
    remote,
    branch,
    head,
    files: [...(await watchedStates(one, known)), ...(await listedStates(one, listed))],
    partial: files ? (cut ? "untracked" : undefined) : "files",
  };
}

/** How a name that is tracked, staged or watched stands to HEAD, as far as that can be told without reading. */
async function inspect(one: Look, name: RawName): Promise<void> {
  const { listing, files, changed, suspects } = one;
  const [tracked, letter] = [listing.tracked.get(name), listing.staged.get(name)];
  if (tracked === undefined && letter === undefined) {
    return;
  }
  const found = await files.find(name);
  const status = statusOf(tracked, letter, found);
  one.blind ||= found.kind === "unknown";
  if (found.kind === "unknown") {
    return;
  }
  if (status !== "committed") {
    changed.set(name, { status, found });
  } else if (tracked !== undefined && (found.kind === "file" || found.kind === "link")) {
    if (!isAsSeen(tracked, found, listing.indexed_at)) {
      suspects.push({ name, tracked, found });
    }
  }
}

function statusOf(tracked: Tracked | undefined, letter: string | undefined, { kind }: Found): FileStatus {
  if (tracked?.conflicted) {
    return "conflicted";
  }
  if (tracked === undefined && letter !== "D") {
    // A submodule, or what a sparse checkout leaves out.
    return letter === "A" ? "added" : "modified";
  }
  if (kind === "gone" || kind === "folder") {
    return "deleted";
  }
  if (tracked === undefined) {
    return "untracked";
  }
  const expected = tracked.mode === "120000" ? kind !== "other" : kind === "file";
  return letter === undefined ? (expected ? "committed" : "modified") : letter === "A" ? "added" : "modified";
}

/**
 * Whether a file's stat is what the index holds of it, and old enough to tell: what was written after the index, within
 * one tick of the clock, is not (git's "racy" entries).
 */
function isAsSeen(tracked: Tracked, found: Suspect["found"], indexed_at: number): boolean {
  const { seen } = tracked;
  if (seen === undefined || !isLikeSeen(tracked, found)) {
    return false;
  }
  // Windows has no time of change that git would know.
  const same = process.platform === "win32" || isSameTime(seen.ctime, found.ctime);
  return same && seen.mtime < (isCoarse(seen.mtime) ? wholeSeconds(indexed_at) : indexed_at) - EPSILON;
}

/** The same by size and time alone. */
function isLikeSeen({ seen }: Tracked, found: Suspect["found"]): boolean {
  return seen !== undefined && seen.size === found.size % 2 ** 32 && isSameTime(seen.mtime, found.mtime);
}

/** Whether a time is the one of the index, which some programs write in whole seconds. */
function isSameTime(seen: number, time: number): boolean {
  return Math.abs(seen - (isCoarse(seen) ? wholeSeconds(time) : time)) < EPSILON;
}

const isCoarse = (time: number) => time % 1000 === 0;
const wholeSeconds = (time: number) => Math.floor(time / 1000) * 1000;

/** Reads the suspects, the last changed first and what is watched before, within bounds; whether all could be judged. */
async function settle(
  { files, soft, changed, suspects }: Look,
  known: ReadonlyMap<RawName, unknown>,
): Promise<boolean> {
  const rank = ({ name, found }: Suspect) => Math.max(found.mtime, found.ctime) + (known.has(name) ? 1e15 : 0);
  suspects.sort((one, other) => rank(other) - rank(one));
  let [left, bytes, judged] = [READ, READ_BYTES, true];
  const complete = await each(suspects, soft, async ({ name, tracked, found }) => {
    left--;
    bytes -= Math.min(found.size, HASHED_BYTES);
    if (found.size > HASHED_BYTES) {
      // Too large to be read: what its size and time say.
      if (!isLikeSeen(tracked, found)) {
        changed.set(name, { status: "modified", found });
      }
      return;
    }
    const content = left < 0 || bytes < 0 ? undefined : await files.read(name, found);
    judged &&= content !== undefined;
    if (content !== undefined && !isBlob(tracked.hash, content)) {
      changed.set(name, { status: "modified", found, sha256: sha256(content) });
    }
  });
  return complete && judged;
}

/** As many names as a capture may list. */
function within(names: readonly RawName[]): readonly RawName[] {
  let characters = 0;
  const end = names.findIndex((name, index) => {
    characters += toldName(name).length;
    return index >= LISTED || characters > NAMES_CHARACTERS;
  });
  return end < 0 ? names : names.slice(0, end);
}

/** What was watched, in its order, known as it was before: by hash, or by time. What was not come to is left out. */
async function watchedStates(one: Look, known: ReadonlyMap<RawName, FileState>): Promise<FileState[]> {
  const states = new Map<RawName, FileState>();
  await each(known, one.soft, async ([name, before]) => {
    const { found, ...change } = one.changed.get(name) ?? { found: await one.files.find(name) };
    if (found.kind === "unknown") {
      return;
    }
    const isTracked = one.listing.tracked.has(name);
    const status = "status" in change ? change.status : isTracked ? "committed" : undefined;
    const hashed = before.sha256 !== undefined || before.status === "deleted";
    const there = found.kind !== "gone" && (found.kind !== "folder" || name.endsWith("/"));
    const state = await stateOf(
      one,
      name,
      { ...change, status: status ?? (there ? "untracked" : "deleted"), found },
      hashed,
    );
    states.set(name, state);
  });
  return [...known.keys()].flatMap((name) => states.get(name) ?? []);
}

async function listedStates(one: Look, names: readonly RawName[]): Promise<FileState[]> {
  const states: FileState[] = [];
  await each(names.entries(), neverAborted, async ([index, name]) => {
    const change = one.changed.get(name) ?? { status: "untracked" as const, found: await one.files.find(name) };
    states[index] = await stateOf(one, name, change, index < HASHED);
  });
  return states;
}

const neverAborted = new AbortController().signal;

async function stateOf(one: Look, name: RawName, { status, found, sha256: hash }: Changed, hashed: boolean) {
  const state: FileState = { path: toldName(name), status };
  if (status === "deleted" || (found.kind !== "file" && found.kind !== "link")) {
    return state;
  }
  const link = found.kind === "link" ? (true as const) : undefined;
  const readable = hash === undefined && hashed && !one.soft.aborted;
  const content = readable ? await one.files.read(name, found) : undefined;
  const digest = hashed ? (hash ?? (content && sha256(content))) : undefined;
  return { ...state, size: found.size, link, ...(digest === undefined ? { mtime: found.mtime } : { sha256: digest }) };
}

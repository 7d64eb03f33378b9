import { createHash } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { lstat, open, readlink } from "node:fs/promises";
import { pathOf, type RawName } from "./file-name.ts";
import { readStart } from "./read-file.ts";
import { isGits } from "./work-tree.ts";

/** Beyond this a file is known by size and time alone; bytes. */
export const HASHED_BYTES = 1024 * 1024;

/** What stands at a name of the work tree. What lies behind a link is `gone`; what may not be looked at is `unknown`. */
export type Found =
  | { kind: "gone" | "folder" | "other" | "unknown" }
  | { kind: "file" | "link"; size: number; mtime: number; ctime: number; inode: number; device: number };

/** The files of one work tree, never followed out of it and never opened unless they are regular. */
export interface Files {
  find(name: RawName): Promise<Found>;
  /** The bytes of a file, or the text of a link; nothing beyond 1 MiB, or when it is no longer what was found. */
  read(name: RawName, found: Found): Promise<Buffer | undefined>;
}

/** The files below `root`, a real path. */
export function filesOf(root: string): Files {
  const folders = new Map<string, Promise<boolean>>();
  const isFolder = (name: string) => {
    // One that may not be looked at may be one: what lies in it may not be looked at either.
    const known = folders.get(name) ?? lstat(pathOf(root, name)).then(plainFolder, (error) => !isMissing(error));
    folders.set(name, known);
    return known;
  };
  const entry = (name: string) =>
    lstat(pathOf(root, name)).then(foundIn, (error): Found => ({ kind: isMissing(error) ? "gone" : "unknown" }));
  return {
    async find(name) {
      return isInTree(name) && (await everyFolder(name, isFolder)) ? entry(bare(name)) : { kind: "gone" };
    },
    async read(name, found) {
      if ((found.kind !== "file" && found.kind !== "link") || found.size > HASHED_BYTES) {
        return undefined;
      }
      const path = pathOf(root, name);
      const bytes = await (found.kind === "link"
        ? readlink(path, { encoding: "buffer" })
        : readPlain(path, found)
      ).catch(() => undefined);
      // Once more, by what stands there now: a link put in the place of a folder meanwhile is noticed.
      const looked = (folder: string) => lstat(pathOf(root, folder)).then(plainFolder, () => false);
      return (await everyFolder(name, looked)) ? bytes : undefined;
    },
  };
}

/** Whether a name, which anyone may have written into an index, is one of a file below the top, and not git's own. */
function isInTree(name: RawName): boolean {
  const strange = process.platform === "win32" ? /[\\:]/ : undefined;
  return bare(name)
    .split("/")
    .every((part) => part !== "" && part !== "." && part !== ".." && !isGits(part) && !strange?.test(part));
}

/** git ends the name of a folder, which is a repository of its own, with a slash. */
function bare(name: RawName): RawName {
  return name.endsWith("/") ? name.slice(0, -1) : name;
}

async function everyFolder(name: RawName, isFolder: (folder: RawName) => Promise<boolean>): Promise<boolean> {
  for (let end = name.indexOf("/"); end > 0 && end < name.length - 1; end = name.indexOf("/", end + 1)) {
    if (!(await isFolder(name.slice(0, end)))) {
      return false;
    }
  }
  return true;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^(?:ENOENT|ENOTDIR|ELOOP|ENAMETOOLONG)$/.test(`${error.code}`);
}

function plainFolder(entry: Stats): boolean {
  return entry.isDirectory();
}

function foundIn(entry: Stats): Found {
  if (!entry.isFile() && !entry.isSymbolicLink()) {
    return { kind: entry.isDirectory() ? "folder" : "other" };
  }
  const { size, mtimeMs: mtime, ctimeMs: ctime, ino: inode, dev: device } = entry;
  return { kind: entry.isFile() ? "file" : "link", size, mtime, ctime, inode, device };
}

async function readPlain(path: string | Buffer, { inode, device }: Found & { kind: "file" | "link" }) {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const opened = await file.stat();
    if (!opened.isFile() || opened.ino !== inode || opened.dev !== device || opened.size > HASHED_BYTES) {
      return undefined;
    }
    return await readStart(file, opened.size);
  } finally {
    await file.close();
  }
}

/** SHA-256 in hexadecimal digits. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/**
 * Whether these bytes are what git has under `hash`: as they are, or as git's own line-ending conversion or Git LFS would
 * have stored them. Other filters would have to run to tell.
 */
export function isBlob(hash: string, bytes: Buffer): boolean {
  const is = (content: Uint8Array) => {
    const digest = createHash(hash.length === 64 ? "sha256" : "sha1");
    return digest.update(`blob ${content.length}\0`).update(content).digest("hex") === hash;
  };
  return (
    is(bytes) ||
    (bytes.includes("\r\n") && is(Buffer.from(bytes.toString("latin1").replaceAll("\r\n", "\n"), "latin1"))) ||
    is(Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${sha256(bytes)}\nsize ${bytes.length}\n`))
  );
}

/** Does `work` for each of `items`, some at once, until `soft` is aborted; whether it came to the end. */
export async function each<Item>(
  items: Iterable<Item>,
  soft: AbortSignal,
  work: (item: Item) => Promise<void>,
): Promise<boolean> {
  const rest = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) {
      if (soft.aborted) {
        return false;
      }
      await work(next.value);
    }
    return true;
  };
  return (await Promise.all(Array.from({ length: 32 }, worker))).every(Boolean);
}

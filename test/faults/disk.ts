import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Deed } from "./trace.ts";

/** What becomes of what was not synced when the power goes: nothing of it is there, the first of it, or pieces of it. */
export const MODELS = ["lost", "cut short", "torn"] as const;
export type Model = (typeof MODELS)[number];

type Change = { offset: number; data: Buffer } | { size: number };

interface File {
  durable: Buffer;
  changes: Change[];
}

interface Folder {
  /** Names as the running system sees them, and as they would be found after a power cut. */
  now: Map<string, Node>;
  durable: Map<string, Node>;
  /** Names given, and taken away, since the last sync; those of one renaming together. */
  changes: (readonly [name: string, node: Node | undefined])[][];
}

type Node = File | Folder;

/** A disk below one folder: it takes deeds in their order, and can show what a power cut would leave of them. */
export interface Disk {
  take(deed: Deed): void;
  /** Writes what would be left into an empty folder. */
  cut(model: Model, folder: string): void;
}

const isFile = (node: Node | undefined): node is File => node !== undefined && "durable" in node && !("now" in node);

/** An empty disk whose root, which is durable, stands for the folder `root`. */
export function createDisk(root: string): Disk {
  const top: Folder = { now: new Map(), durable: new Map(), changes: [] };
  /** How much of what was not synced each sync under way will have synced. */
  const syncing = new Map<Node, number[]>();

  const find = (path: string): Node | undefined => {
    const parts = path.slice(root.length + 1).split("/");
    return path === root
      ? top
      : parts.reduce<Node | undefined>(
          (node, part) => (node === undefined || isFile(node) ? undefined : node.now.get(part)),
          top,
        );
  };
  const folderOf = (path: string): Folder => {
    const folder = find(dirname(path));
    if (folder === undefined || isFile(folder)) {
      throw new Error(`there is no folder for ${path}`);
    }
    return folder;
  };
  const name = (folder: Folder, ...changes: (readonly [string, Node | undefined])[]) => {
    folder.changes.push(changes);
    applyNames(folder.now, changes);
  };

  function take(deed: Deed): void {
    if (deed.kind === "tell" || !`${deed.path}/`.startsWith(`${root}/`)) {
      return;
    }
    const { path } = deed;
    const node = find(path);
    switch (deed.kind) {
      case "make file":
        if (node === undefined) {
          name(folderOf(path), [basename(path), { durable: Buffer.alloc(0), changes: [] }]);
        } else if (deed.emptied && isFile(node)) {
          node.changes.push({ size: 0 });
        }
        return;
      case "make folder":
        name(folderOf(path), [basename(path), { now: new Map(), durable: new Map(), changes: [] }]);
        return;
      case "remove":
        name(folderOf(path), [basename(path), undefined]);
        return;
      case "rename":
        if (dirname(path) !== dirname(deed.to)) {
          throw new Error("renaming from folder to folder is not modelled");
        }
        name(folderOf(path), [basename(path), undefined], [basename(deed.to), node]);
        return;
      case "link":
        name(folderOf(deed.to), [basename(deed.to), node]);
        return;
      case "begin sync":
        if (node !== undefined) {
          syncing.set(node, [...(syncing.get(node) ?? []), node.changes.length]);
        }
        return;
      case "end sync":
        if (node !== undefined) {
          sync(node, syncing.get(node)?.shift() ?? 0);
        }
        return;
      default:
        if (isFile(node)) {
          node.changes.push("data" in deed ? { offset: deed.offset, data: deed.data } : { size: deed.size });
        }
    }
  }

  /** Makes the first `count` changes durable; other syncs under way have so many fewer to do. */
  function sync(node: Node, count: number): void {
    if (isFile(node)) {
      node.durable = changed(node.durable, node.changes.splice(0, count));
    } else {
      applyNames(node.durable, node.changes.splice(0, count).flat());
    }
    syncing.set(
      node,
      (syncing.get(node) ?? []).map((others) => Math.max(0, others - count)),
    );
  }

  return { take, cut: (model, folder) => show(top, model, folder) };
}

/** Writes what is left of a folder. */
function show(folder: Folder, model: Model, path: string): void {
  mkdirSync(path, { recursive: true });
  const names = new Map(folder.durable);
  applyNames(names, survivingNames(folder.changes, model).flat());
  for (const [name, node] of names) {
    if (isFile(node)) {
      writeFileSync(join(path, name), changed(node.durable, surviving(node.changes, model)));
    } else {
      show(node, model, join(path, name));
    }
  }
}

const some = (count: number) => Math.floor((count + 1) * Math.random());

function survivingNames(changes: Folder["changes"], model: Model): Folder["changes"] {
  return model === "lost"
    ? []
    : model === "torn"
      ? changes.filter(() => Math.random() < 0.5)
      : changes.slice(0, some(changes.length));
}

function surviving(changes: readonly Change[], model: Model): Change[] {
  if (model === "lost") {
    return [];
  }
  if (model === "torn") {
    const piece = Math.random() < 0.5 ? 512 : 4096;
    return changes.flatMap((change) => pieces(change, piece)).filter(() => Math.random() < 0.5);
  }
  const count = some(changes.length);
  const last = changes[count];
  const begun =
    last !== undefined && "data" in last ? [{ ...last, data: last.data.subarray(0, some(last.data.length)) }] : [];
  return [...changes.slice(0, count), ...begun];
}

/** A write as the sectors or pages in which it reaches the disk. */
function pieces(change: Change, size: number): Change[] {
  if ("size" in change) {
    return [change];
  }
  const { offset, data } = change;
  const parts: Change[] = [];
  for (let at = 0; at < data.length; ) {
    const end = Math.min(data.length, at + size - ((offset + at) % size));
    parts.push({ offset: offset + at, data: data.subarray(at, end) });
    at = end;
  }
  return parts;
}

/** Bytes after changes, in a memory of their own. */
function changed(bytes: Buffer, changes: readonly Change[]): Buffer {
  let size = bytes.length;
  let most = size;
  for (const change of changes) {
    size = "data" in change ? Math.max(size, change.offset + change.data.length) : change.size;
    most = Math.max(most, size);
  }
  const memory = Buffer.alloc(most);
  bytes.copy(memory);
  let end = bytes.length;
  for (const change of changes) {
    if ("data" in change) {
      change.data.copy(memory, change.offset);
      end = Math.max(end, change.offset + change.data.length);
    } else {
      memory.fill(0, Math.min(end, change.size), end);
      end = change.size;
    }
  }
  return memory.subarray(0, end);
}

function applyNames(names: Map<string, Node>, changes: readonly (readonly [string, Node | undefined])[]): void {
  for (const [name, node] of changes) {
    if (node === undefined) {
      names.delete(name);
    } else {
      names.set(name, node);
    }
  }
}

import { readFileSync } from "node:fs";

/** What a traced program did to the disk, or told the world, in the order in which it was done. */
export type Deed =
  | { kind: "make file"; path: string; emptied: boolean }
  | { kind: "make folder" | "remove" | "begin sync" | "end sync"; path: string }
  | { kind: "rename" | "link"; path: string; to: string }
  | { kind: "write"; path: string; offset: number; data: Buffer }
  | { kind: "resize"; path: string; size: number }
  | { kind: "tell"; text: string };

const CALLS =
  "openat,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,fsync,fdatasync,ftruncate,rename,renameat,renameat2," +
  "unlink,unlinkat,mkdir,mkdirat,link,linkat,copy_file_range,sendfile,fallocate,sync_file_range,io_uring_enter";

/** How to start strace so that `readTrace` understands what it writes into `file`. */
export function straced(file: string, command: readonly string[]): [string, ...string[]] {
  return [
    "strace",
    "-f",
    "--seccomp-bpf",
    "-y",
    "-xx",
    "-s",
    "16777216",
    "-o",
    file,
    "-e",
    `trace=${CALLS}`,
    ...command,
  ];
}

interface SystemCall {
  name: string;
  args: string;
  /** As the kernel answered; nothing while it has not. */
  result?: number;
}

/**
 * Reads a trace. Calls that failed are left out; one counts from when it returned, as until then nobody knows of it. Of a
 * sync both ends are told: it covers what was done before it began. Throws for a call whose effect is not modelled.
 */
export function readTrace(file: string): Deed[] {
  const pending = new Map<string, SystemCall>();
  const positions = new Map<string, number>();
  const deeds: Deed[] = [];
  for (const line of readFileSync(file, "latin1").split("\n")) {
    const [, thread = "", rest = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const resumed = /^<\.\.\. \w+ resumed>.*?\)\s+= (-?\d+)/.exec(rest);
    if (resumed !== null) {
      const call = pending.get(thread);
      pending.delete(thread);
      deeds.push(...(call === undefined ? [] : ended({ ...call, result: Number(resumed[1]) }, positions)));
      continue;
    }
    const [, name = "", args = ""] = /^(\w+)\((.*?)(?: <unfinished \.\.\.>|\)\s+= .*)$/.exec(rest) ?? [];
    const result = /\)\s+= (-?\d+)/.exec(rest)?.[1];
    const call: SystemCall = { name, args, ...(result !== undefined && { result: Number(result) }) };
    deeds.push(...begun(call));
    if (rest.endsWith("<unfinished ...>")) {
      pending.set(thread, call);
    } else if (call.result !== undefined) {
      deeds.push(...ended(call, positions));
    }
  }
  return deeds;
}

function begun({ name, args }: SystemCall): Deed[] {
  const [path] = pathsIn(args);
  if (path !== undefined && /^f(data)?sync$/.test(name)) {
    return [{ kind: "begin sync", path }];
  }
  // What is told may be heard from the first moment on.
  const told = /^(p?writev?2?|pwrite64|send.*)$/.test(name) && !path?.startsWith("/") ? bytesIn(args).toString() : "";
  return told.includes('"jsonrpc"') ? [{ kind: "tell", text: told }] : [];
}

function ended({ name, args, result = -1 }: SystemCall, positions: Map<string, number>): Deed[] {
  const [path = ""] = pathsIn(args);
  if (result < 0) {
    return [];
  }
  switch (name) {
    case "openat": {
      const opened = textsIn(args)[0] ?? "";
      positions.set(`${result}`, 0);
      return args.includes("O_CREAT") ? [{ kind: "make file", path: opened, emptied: args.includes("O_TRUNC") }] : [];
    }
    case "write":
    case "writev":
    case "pwrite64":
    case "pwritev":
    case "pwritev2": {
      if (!path.startsWith("/")) {
        return [];
      }
      const fd = /^\d+/.exec(args)?.[0] ?? "";
      const last = (text: string) => Number(/(-?\d+)$/.exec(text)?.[1]);
      const given = name.startsWith("p") ? last(name === "pwritev2" ? args.replace(/, \w+$/, "") : args) : -1;
      const offset = given < 0 ? (positions.get(fd) ?? 0) : given;
      if (given < 0) {
        positions.set(fd, offset + result);
      }
      return [{ kind: "write", path, offset, data: bytesIn(args).subarray(0, result) }];
    }
    case "ftruncate":
      return [{ kind: "resize", path, size: Number(/(\d+)$/.exec(args)?.[1]) }];
    case "fallocate": {
      const [, mode, offset, length] = /(\w+), (\d+), (\d+)$/.exec(args) ?? [];
      if (mode !== "0") {
        throw new Error(`the trace holds fallocate in mode ${mode}, which is not modelled`);
      }
      return [{ kind: "write", path, offset: Number(offset) + Number(length), data: Buffer.alloc(0) }];
    }
    case "fsync":
    case "fdatasync":
      return [{ kind: "end sync", path }];
    case "mkdir":
    case "mkdirat":
    case "unlink":
    case "unlinkat":
      return [{ kind: name.startsWith("mkdir") ? "make folder" : "remove", path: textsIn(args)[0] ?? "" }];
    case "rename":
    case "renameat":
    case "renameat2":
      return [{ kind: "rename", path: textsIn(args)[0] ?? "", to: textsIn(args)[1] ?? "" }];
    case "link":
    case "linkat":
      return [{ kind: "link", path: textsIn(args)[0] ?? "", to: textsIn(args)[1] ?? "" }];
    default:
      if (/^(send(to|msg)|io_uring_enter)$/.test(name) === false) {
        throw new Error(`the trace holds ${name}, which is not modelled`);
      }
      return [];
  }
}

/** The paths that strace shows beside descriptors. */
function pathsIn(args: string): string[] {
  return [...args.matchAll(/(?:^|[ ,])(?:\d+|AT_FDCWD)<([^>]*)>/g)].map(([, hex = ""]) => unescaped(hex));
}

function textsIn(args: string): string[] {
  return [...args.matchAll(/"([^"]*)"/g)].map(([, hex = ""]) => unescaped(hex));
}

function bytesIn(args: string): Buffer {
  return Buffer.concat([...args.matchAll(/"([^"]*)"/g)].map(([, hex = ""]) => decoded(hex)));
}

function unescaped(text: string): string {
  return text.startsWith("\\x") ? decoded(text).toString() : text;
}

function decoded(hex: string): Buffer {
  return Buffer.from(hex.replaceAll("\\x", ""), "hex");
}

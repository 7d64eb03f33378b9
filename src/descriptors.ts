import { dlopen, FFIType, ptr } from "bun:ffi";
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { devNull } from "node:os";
import { EXIT, StartRefusal } from "./config.ts";
import type { Log } from "./log.ts";

/** Descriptors kept back for files, so that who is connected is served when there are none left for connections. */
const RESERVE = 32;

/** What has to be free beyond the reserve before connections are accepted again. */
const MARGIN = 16;

/** How often it is tried whether there is one left, in milliseconds. */
const LOOK_MS = 250;

/** From epoll_ctl(2) and <sys/epoll.h>; only x86-64 packs the event. */
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const DATA_AT = process.arch === "x64" ? 4 : 8;

/**
 * Accepts no connections on `port` while the process has no descriptor left. `Bun.serve` would try for ever, at the cost
 * of a processor: `accept` fails, and the waiting connection stays readable. So the listening socket is taken out of the
 * event loop's epoll set, as Linux shows it in /proc, and put back when enough are free; the connections wait in the
 * kernel meanwhile. Answers how to end it; elsewhere than on Linux there is nothing to end. Throws `StartRefusal` where
 * the process may have too few to begin with.
 */
export function watchDescriptors(port: number, log: Pick<Log, "warn">): () => void {
  const reserve: number[] = [];
  const listener = process.platform === "linux" ? findListener(port) : undefined;
  if (listener === undefined) {
    return () => undefined;
  }
  if (!take(reserve, RESERVE + MARGIN)) {
    throw new StartRefusal(
      EXIT.configuration,
      "Cannot serve HTTP: the process may not open files enough; a limit of 128 is accepted (ulimit -n, LimitNOFILE=)",
    );
  }
  giveBack(reserve, RESERVE);
  let accepting = true;
  const timer = setInterval(() => {
    const free = take(reserve, reserve.length + (accepting ? 1 : RESERVE + MARGIN));
    if (accepting !== free) {
      accepting = free;
      listener.attend(accepting);
      log.warn(accepting ? "connections are accepted again" : "no connection is accepted: out of file descriptors");
    }
    giveBack(reserve, accepting ? RESERVE : 0);
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Opens until `held` has `count`; whether it got so far. */
function take(held: number[], count: number): boolean {
  try {
    while (held.length < count) {
      held.push(openSync(devNull, "r"));
    }
    return true;
  } catch {
    return false;
  }
}

function giveBack(held: number[], count: number): void {
  for (const descriptor of held.splice(count)) {
    closeSync(descriptor);
  }
}

/** The listening socket of a port in an epoll set of this process. */
function findListener(port: number) {
  const links = readdirSync("/proc/self/fd").map((name) => ({ descriptor: Number(name), target: linkOf(name) }));
  const inode = inodeOf(port);
  const socket = links.find(({ target }) => inode !== undefined && target === `socket:[${inode}]`)?.descriptor;
  for (const { descriptor: set, target } of links) {
    const info = target === "anon_inode:[eventpoll]" ? readFileSync(`/proc/self/fdinfo/${set}`, "utf8") : "";
    const entry = [...info.matchAll(/^tfd: +(\d+) +events: +([0-9a-f]+) +data: +([0-9a-f]+)/gm)].find(
      ([, member]) => Number(member) === socket,
    );
    if (socket !== undefined && entry !== undefined) {
      return attention(set, socket, eventOf(entry[2] ?? "", entry[3] ?? ""));
    }
  }
  return undefined;
}

function attention(set: number, socket: number, event: Buffer) {
  const { symbols: c } = dlopen("libc.so.6", {
    epoll_ctl: { args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr], returns: FFIType.i32 },
  });
  return {
    /** Whether the event loop looks at it. */
    attend: (wanted: boolean) => void c.epoll_ctl(set, wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, socket, ptr(event)),
  };
}

/** struct epoll_event: what is waited for, and what the event loop knows the descriptor by. */
function eventOf(events: string, data: string): Buffer {
  const event = Buffer.alloc(DATA_AT + 8);
  event.writeUInt32LE(Number.parseInt(events, 16), 0);
  event.writeBigUInt64LE(BigInt(`0x${data}`), DATA_AT);
  return event;
}

function linkOf(name: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${name}`);
  } catch {
    // The one by which the folder was read.
    return "";
  }
}

/** State 0A is LISTEN; see proc_net_tcp.txt of the kernel. */
function inodeOf(port: number): string | undefined {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const rows = ["tcp", "tcp6"].flatMap((name) => readFileSync(`/proc/self/net/${name}`, "utf8").split("\n"));
  const row = rows
    .map((text) => text.trim().split(/\s+/))
    .find(([, at, , state]) => at?.endsWith(`:${hex}`) && state === "0A");
  return row?.[9];
}

import { dlopen, FFIType, ptr } from "bun:ffi";

/** What systemd is told of the service; see sd_notify(3). */
export interface Notifier {
  /** Serving; from now on the watchdog is fed, from the event loop, so that a frozen loop is noticed. */
  ready(status: string): void;
  stopping(): void;
}

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
/** sizeof(sa_family_t). */
const FAMILY_BYTES = 2;

/**
 * Speaks to the datagram socket named by NOTIFY_SOCKET: a path, or with a leading @ an abstract name. Node's and Bun's
 * own modules have no such sockets, so this is the C library's; musl answers to glibc's name for it. No other name is
 * tried: one the loader does not find, Bun takes from the current folder. `watchdogMs` is 0 where there is no watchdog.
 */
export function createNotifier(address: string, watchdogMs: number): Notifier {
  const { symbols: c } = dlopen("libc.so.6", {
    socket: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
    sendto: {
      args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i32, FFIType.ptr, FFIType.u32],
      returns: FFIType.i64,
    },
  });
  const socket = c.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const target = socketAddress(address);
  const send = (state: string) => {
    const message = Buffer.from(state);
    c.sendto(socket, ptr(message), message.length, 0, ptr(target), target.length);
  };
  return {
    ready(status) {
      // No MAINPID: we are it, and where we merely inherited the socket, it would take the unit over.
      send(`READY=1\nSTATUS=${status}`);
      if (watchdogMs > 0) {
        setInterval(() => send("WATCHDOG=1"), watchdogMs / 2).unref();
      }
    },
    stopping: () => send("STOPPING=1"),
  };
}

/** struct sockaddr_un: family, then the path; an abstract name begins with a zero byte. */
function socketAddress(address: string): Buffer {
  const path = Buffer.from(address.startsWith("@") ? `\0${address.slice(1)}` : `${address}\0`);
  const bytes = Buffer.alloc(FAMILY_BYTES + path.length);
  bytes.writeUInt16LE(AF_UNIX, 0);
  path.copy(bytes, FAMILY_BYTES);
  return bytes;
}

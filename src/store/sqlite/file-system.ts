import { fileSystemOf } from "../files.ts";

/** File systems that other machines, or a program, stand behind: their `f_type`, from linux/magic.h and statfs(2). */
const REMOTE: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "SMB (CIFS)"],
  [0xfe534d42, "SMB 2"],
  [0x65735546, "FUSE"],
  [0x01021997, "9P"],
  [0x5346414f, "AFS"],
  [0x6b414653, "AFS"],
  [0x00c36400, "Ceph"],
  [0x73757245, "Coda"],
  [0x0bd00bd0, "Lustre"],
  [0x47504653, "GPFS"],
  [0x786f4256, "VirtualBox shared folders"],
]);

/**
 * Why a database must not lie at `path`, which exists: the shared memory and the locks of SQLite's write-ahead log work
 * within one machine (https://www.sqlite.org/wal.html). Only Linux numbers its file systems.
 */
export function remoteRefusal(path: string): string | undefined {
  if (process.platform !== "linux") {
    return undefined;
  }
  const name = REMOTE.get(fileSystemOf(path));
  return name === undefined
    ? undefined
    : `it lies on a network or user-space file system (${name}), where SQLite's locks do not hold`;
}

import { readFileSync } from "node:fs";

/** The memory a process has now, in bytes; NaN where the system does not tell. */
export function memoryOf(pid: number): number {
  if (process.platform === "linux") {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kilobytes ?? Number.NaN) * 1024;
  }
  const { stdout } = Bun.spawnSync(["ps", "-o", "rss=", "-p", `${pid}`]);
  return Number(stdout.toString().trim() || Number.NaN) * 1024;
}

/** The most memory a process has had so far, in bytes; NaN where the system does not tell. */
export function peakMemoryOf(pid: number): number {
  // What `wait` tells of a child includes the memory of its parent, which it had until it became another program.
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(
    process.platform === "linux" ? readFileSync(`/proc/${pid}/status`, "utf8") : "",
  )?.[1];
  return Number(kilobytes ?? Number.NaN) * 1024;
}

/** The processor time a process has taken so far, in milliseconds; NaN where the system does not tell. */
export function processorTimeOf(pid: number): number {
  if (process.platform !== "linux") {
    return Number.NaN;
  }
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  // utime and stime, in clock ticks, of which Linux shows 100 a second.
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

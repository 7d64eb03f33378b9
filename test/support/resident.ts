import { readFileSync, writeFileSync } from "node:fs";

/** How much memory of a process is in RAM, in bytes: now, and at most ever. Linux tells; elsewhere `ps` knows the first. */
export function residentOf(pid: number): { now: number; peak: number } {
  if (process.platform === "linux") {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const [now, peak] = ["VmRSS", "VmHWM"].map(
      (name) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024,
    );
    return { now: now ?? Number.NaN, peak: peak ?? Number.NaN };
  }
  const now = Number(Bun.spawnSync(["ps", "-o", "rss=", "-p", `${pid}`]).stdout.toString()) * 1024;
  return { now, peak: now };
}

/** How much more memory a process takes at most while `act` runs than before it, in bytes (Linux). */
export async function peakOf(pid: number, act: () => Promise<unknown>): Promise<number> {
  const before = residentOf(pid).now;
  // Forgets the peak so far.
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
  await act();
  return residentOf(pid).peak - before;
}

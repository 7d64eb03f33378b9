import { afterAll } from "bun:test";
import { join } from "node:path";
import { temporaryFolder } from "../support/folder.ts";
import { peakMiB } from "../support/raw-http.ts";
import { EXECUTABLE, freshStore } from "../support/server.ts";
import { TRACES } from "./judge.ts";

/** What a server may hold in memory, whatever it is sent. */
const BOUND_MIB = 512;

/** The executable under fire. */
export interface Fired {
  process: Bun.Subprocess<"pipe" | "ignore", "pipe" | "ignore">;
  /** The address, where it listens. */
  url: string;
  /** Ends it, and answers what speaks against it: its end, its memory, what it said on stderr. */
  verdict(): Promise<{ faults: string[]; peak: number }>;
}

/** Starts the executable on a store of its own, what it says on stderr kept. */
export async function fire(http: boolean): Promise<Fired> {
  const log = Bun.file(join(temporaryFolder(), "stderr"));
  await Bun.write(log, "");
  const process = Bun.spawn([EXECUTABLE, ...(http ? ["--http", "--port", "0"] : []), ...freshStore()], {
    stdin: http ? "ignore" : "pipe",
    stdout: http ? "ignore" : "pipe",
    stderr: log,
  });
  afterAll(() => process.kill("SIGKILL"));
  let url: string | undefined;
  while (http && url === undefined) {
    url = /"msg":"listening","url":"([^"]+)"/.exec(await log.text())?.[1];
    await Bun.sleep(5);
  }
  return {
    process,
    url: url ?? "",
    async verdict() {
      const faults = process.exitCode === null ? [] : [`it has ended with ${process.exitCode}`];
      const peak = process.exitCode === null ? peakMiB(process.pid) : 0;
      if (peak > BOUND_MIB) {
        faults.push(`it held ${peak} MiB`);
      }
      process.kill("SIGTERM");
      if ((await process.exited) !== 0) {
        faults.push(`it ended with ${process.exitCode}`);
      }
      const said = (await log.text())
        .split("\n")
        .filter((line) => TRACES.test(line) || line.includes('"level":"error"'));
      return { faults: [...faults, ...said.slice(0, 5).map((line) => `it said ${line.slice(0, 1000)}`)], peak };
    },
  };
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Measured } from "./goals.ts";
import type { Plan } from "./plan.ts";

/** What the rows of one group are measured with. */
export interface Workshop {
  plan: Plan;
  /** The executable under measurement, and what it is compared with, each compiled with the same flags. */
  executable: string;
  programs: Readonly<Record<ProgramName, string>>;
  /** A new, empty folder. */
  folder(): string;
  /** Says on one line what is being done. */
  tell(doing: string): void;
}

/** Measures the rows of one group. */
export type Group = (workshop: Workshop) => Promise<Measured[]>;

const PROGRAMS = ["floor", "writes", "web", "sdk"] as const;
export type ProgramName = (typeof PROGRAMS)[number];

const root = join(import.meta.dir, "..", "..");

/**
 * Builds everything that is compared, the executable as `bun run build` does, hands it to `work` and clears up. `tell` is
 * told what is being done.
 */
export async function inWorkshop<T>(
  plan: Plan,
  tell: (doing: string) => void,
  work: (workshop: Workshop) => Promise<T>,
): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), "mcp-task-bench-"));
  let folders = 0;
  const clear = () => rmSync(home, { recursive: true, force: true });
  process.on("exit", clear);
  try {
    tell("building what is compared");
    const programs = { floor: "", writes: "", web: "", sdk: "" };
    const script = join(root, "scripts", "build.ts");
    await Promise.all([
      run(script, "--outdir", home),
      ...PROGRAMS.map((name) => {
        programs[name] = join(home, name);
        return run(script, "--entry", join(root, "bench", "programs", `${name}.ts`), "--outfile", programs[name]);
      }),
    ]);
    const folder = () => mkdtempSync(join(home, `${++folders}-`));
    const executable = join(home, process.platform === "win32" ? "mcp-task-server.exe" : "mcp-task-server");
    return await work({ plan, executable, programs, folder, tell });
  } finally {
    clear();
  }
}

async function run(script: string, ...args: string[]): Promise<void> {
  const child = Bun.spawn([process.execPath, script, ...args], { stdout: "ignore", stderr: "pipe" });
  const said = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) {
    throw new Error(`Cannot build ${args.at(-1)}: ${said}`);
  }
}

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Way } from "./sdk.ts";
import { openTap, type Tap } from "./tap.ts";

/** Everything one client's run has at hand; all of it lies in one folder, and ends with the run. */
export interface Stage {
  folder: string;
  /** The address of the server, behind a tap. */
  url: string;
  /** The command that starts a server on stdio, behind a tap. */
  command: readonly [string, ...string[]];
  /** A program of an installed package, as a command that runs with a home of its own. */
  program(path: string, ...args: string[]): [string, ...string[]];
  /** The path of the first installed file that matches. Throws where there is none. */
  installed(pattern: string): string;
  /** Loads an installed library. */
  load<Library>(name: string): Promise<Library>;
  /** Runs a command to its end and answers all that it printed, without colours. */
  run(command: readonly string[]): Promise<string>;
  /** Starts a command that goes on until the run ends. */
  start(command: readonly string[]): Bun.Subprocess<"pipe", "pipe", "pipe">;
  /** The revision that was seen on a transport. */
  revision(way: Way): string;
  end(): Promise<void>;
}

/** Opens a stage in `folder` for a server: its executable with the flags of its store, and the address it listens on. */
export function openStage(folder: string, server: readonly string[], address: string): Stage {
  const home = join(folder, "home");
  mkdirSync(home, { recursive: true });
  const tap = openTap(address);
  const running = new Set<Bun.Subprocess<"pipe", "pipe", "pipe">>();
  const start = (command: readonly string[]) => {
    const child = Bun.spawn([...isolated(home), ...command], {
      cwd: folder,
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    running.add(child);
    return child;
  };
  const installed = (pattern: string) => {
    const [found] = [...new Bun.Glob(pattern).scanSync({ cwd: join(folder, "node_modules"), dot: true })].sort();
    if (found === undefined) {
      throw new Error(`${pattern} is not installed`);
    }
    return join(folder, "node_modules", found);
  };
  return {
    folder,
    url: tap.url,
    command: ["sh", "-c", tapped(folder, server)],
    program: (path, ...args) => {
      const runtime = path.startsWith(".bin/") ? [process.execPath, "--bun"] : [];
      return ["env", ...isolated(home).slice(1), ...runtime, installed(path), ...args];
    },
    installed,
    load: async (name) => import(Bun.resolveSync(name, folder)),
    async run(command) {
      const child = start(command);
      child.stdin.end();
      const texts = [new Response(child.stdout).text(), new Response(child.stderr).text()];
      return Bun.stripANSI((await Promise.all(texts)).join("\n"));
    },
    start,
    revision(way) {
      noteStdio(folder, tap);
      return tap.revision(way) ?? "not seen";
    },
    async end() {
      for (const child of running) {
        child.kill("SIGKILL");
      }
      await tap.stop();
    },
  };
}

/** A command that sets an environment of its own, and nothing of the user's but where programs are. */
function isolated(home: string): [string, ...string[]] {
  return ["env", "-i", `PATH=${Bun.env["PATH"]}`, `HOME=${home}`, `TMPDIR=${home}`, "NO_COLOR=1", "TERM=dumb"];
}

/** A shell line that runs the server with a copy of its input and output in `folder`. */
function tapped(folder: string, server: readonly string[]): string {
  const quoted = server.map((word) => `'${word}'`).join(" ");
  return `tee -a '${folder}/client.log' | ${quoted} | tee -a '${folder}/server.log'`;
}

function noteStdio(folder: string, tap: Tap): void {
  for (const from of ["client", "server"] as const) {
    const path = join(folder, `${from}.log`);
    if (existsSync(path)) {
      tap.note("stdio", from, readFileSync(path, "utf8"));
    }
  }
}

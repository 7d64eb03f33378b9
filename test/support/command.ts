import { EXECUTABLE } from "./server.ts";

/** What a command of the executable came to. */
export interface Ran {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs the executable to its end. */
export async function runCommand(args: readonly string[], stdin?: Blob): Promise<Ran> {
  return finished(Bun.spawn([EXECUTABLE, ...args], { stdin: stdin ?? "ignore", stdout: "pipe", stderr: "pipe" }));
}

/** The same under limits of the shell, as `ulimit` sets them. */
export async function runLimited(limits: string, args: readonly string[]): Promise<Ran> {
  const shell = ["sh", "-c", `ulimit ${limits}; exec "$0" "$@"`, EXECUTABLE, ...args];
  return finished(Bun.spawn(shell, { stdin: "ignore", stdout: "pipe", stderr: "pipe" }));
}

async function finished(process: Bun.Subprocess<Blob | "ignore", "pipe", "pipe">): Promise<Ran> {
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(process.stdout).text(),
    new Response(process.stderr).text(),
    process.exited,
  ]);
  return { exitCode, stdout, stderr };
}

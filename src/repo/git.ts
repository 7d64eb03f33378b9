import { constants } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import { devNull } from "node:os";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { isWithin } from "./work-tree.ts";

/** What git is found and run with: the PATH, the user's home. Nothing else of our environment reaches it. */
export interface GitSettings {
  path: string | undefined;
  home: string;
  /** Windows cannot start programs without it. */
  systemRoot?: string | undefined;
}

/** One run of git: what it printed, and whether that is all. */
export interface GitOutput {
  code: number;
  bytes: Buffer;
  /** It printed more than was wanted, and was ended. */
  cut: boolean;
}

/** Runs git on one repository. Rejects when the signal is aborted; git, and what it may have started, is ended then. */
export type Git = (args: readonly string[], signal: AbortSignal) => Promise<GitOutput>;

/** More than the index of some 300,000 files. */
const OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * Whatever the repository's own configuration says against it, nothing runs and nothing is fetched. Its exclude file is
 * the user's own; `protocol.allow` alone would yield to a `protocol.<name>.allow` of the repository (see `environment`).
 */
function overrides(home: string): string[] {
  const settings = {
    "core.fsmonitor": "false",
    "core.hooksPath": devNull,
    "core.excludesFile": join(home, ".config", "git", "ignore"),
    "core.attributesFile": devNull,
    "protocol.allow": "never",
    "safe.bareRepository": "explicit",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

function environment(git: string, root: string, { home, systemRoot }: GitSettings): Record<string, string> {
  return {
    ...(systemRoot !== undefined && { SYSTEMROOT: systemRoot }),
    // For `~` in the repository's configuration; the user's own is off.
    HOME: home,
    PATH: dirname(git),
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_SYSTEM: devNull,
    GIT_CONFIG_GLOBAL: devNull,
    GIT_ATTR_NOSYSTEM: "1",
    GIT_CEILING_DIRECTORIES: dirname(root),
    GIT_OPTIONAL_LOCKS: "0",
    GIT_TERMINAL_PROMPT: "0",
    // Empty: no protocol at all, over whatever any configuration permits. Missing objects stay missing.
    GIT_ALLOW_PROTOCOL: "",
    GIT_PROTOCOL_FROM_USER: "0",
    GIT_NO_LAZY_FETCH: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
  };
}

/**
 * Every git on the PATH, in its order. Places that are not absolute, the current folder among them, count for nothing, and
 * neither do folders of packages, which npm puts on the PATH for a project's own programs.
 */
export async function findGits(path: string | undefined): Promise<string[]> {
  const places = (path ?? "").split(delimiter).filter((place) => isAbsolute(place) && !/node_modules/.test(place));
  const name = process.platform === "win32" ? "git.exe" : "git";
  const found = await Promise.all(
    places.map(async (place) => {
      const file = join(place, name);
      const runs = await access(file, constants.X_OK).then(
        async () => (await stat(file)).isFile(),
        () => false,
      );
      return runs ? [file] : [];
    }),
  );
  return found.flat();
}

/** git for the repository at `root`: the first of `gits` that does not lie in it. Nothing when there is none. */
export async function gitFor(root: string, gits: readonly string[], settings: GitSettings): Promise<Git | undefined> {
  for (const git of gits) {
    const real = await realpath(git).catch(() => undefined);
    if (real !== undefined && !isWithin(root, real) && !isWithin(root, await realpath(dirname(git)))) {
      const command = [git, "--no-pager", ...overrides(settings.home)];
      const env = environment(git, root, settings);
      return (args, signal) => run([...command, ...args], root, env, signal);
    }
  }
  return undefined;
}

async function run(
  command: string[],
  cwd: string,
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<GitOutput> {
  signal.throwIfAborted();
  const child = Bun.spawn(command, { cwd, env, stdin: "ignore", stdout: "pipe", stderr: "ignore", detached: true });
  const reader = child.stdout.getReader();
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = () => {
    end(child);
    reject(signal.reason);
  };
  signal.addEventListener("abort", stop, { once: true });
  const read = async (): Promise<GitOutput> => {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      chunks.push(next.value);
      bytes += next.value.length;
      if (bytes > OUTPUT_BYTES) {
        end(child);
        return { code: 0, bytes: Buffer.concat(chunks), cut: true };
      }
    }
    return { code: await child.exited, bytes: Buffer.concat(chunks), cut: false };
  };
  try {
    return await Promise.race([read(), stopped]);
  } finally {
    signal.removeEventListener("abort", stop);
    void reader.cancel().catch(() => undefined);
  }
}

/** Ends a child and what it started: it leads a group of its own. */
function end(child: Bun.Subprocess): void {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  try {
    process.kill(process.platform === "win32" ? child.pid : -child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryFolder } from "./folder.ts";

/** The machine's git; tests that need one are skipped by name without it. */
export const GIT = Bun.which("git");

/** Why tests are skipped, for their names. */
export const NEEDS_GIT = GIT === null ? " (skipped: this machine has no git)" : "";

const IDENTITY = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org"];

/** A repository of the machine's own git. */
export interface GitRepo {
  path: string;
  /** Runs git as a person would, and answers what it printed. Throws when it fails. */
  git(...args: string[]): string;
  write(name: string, content: string | Uint8Array): void;
}

/** Environment of a person who has configured nothing. */
export function plainEnvironment(home: string): Record<string, string> {
  return {
    PATH: Bun.env["PATH"] ?? "",
    HOME: home,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
  };
}

/** git in a folder that may be no repository yet. */
export function repoAt(path: string): GitRepo {
  mkdirSync(path, { recursive: true });
  const env = plainEnvironment(dirname(path));
  return {
    path,
    git(...args) {
      const { exitCode, stdout, stderr } = Bun.spawnSync([GIT ?? "git", ...IDENTITY, ...args], { cwd: path, env });
      if (exitCode !== 0) {
        throw new Error(`git ${args.join(" ")}: ${stderr.toString()}`);
      }
      return stdout.toString().trim();
    },
    write(name, content) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), content);
    },
  };
}

/** A fresh repository with one commit of these files, on branch main. */
export function freshRepo(files: Readonly<Record<string, string>> = { "a.txt": "a\n", "src/b.txt": "b\n" }): GitRepo {
  const repo = repoAt(join(temporaryFolder(), "repo"));
  repo.git("init", "-q", "-b", "main");
  for (const [name, content] of Object.entries(files)) {
    repo.write(name, content);
  }
  repo.git("add", "-A");
  repo.git("commit", "-qm", "first");
  return repo;
}

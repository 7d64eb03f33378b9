import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./folder.ts";
import { freshRepo, GIT, type GitRepo, plainEnvironment } from "./git-repo.ts";
import { TRAPS } from "./traps.ts";

/** A repository in which traps were set, and what went off. */
export interface TrappedRepo extends GitRepo {
  /** A PATH that leads into the repository and the current folder first. */
  searchPath: string;
  /** The names of the traps that went off since it was last asked. */
  sprung(): string[];
}

/** A fresh repository with these traps. */
export function trappedRepo(names: readonly string[]): TrappedRepo {
  const [repo, marks] = [freshRepo(), temporaryFolder()];
  for (const name of names) {
    const program = join(temporaryFolder(), "trap.sh");
    const failing = join(temporaryFolder(), "failing.sh");
    writeFileSync(program, `#!/bin/sh\ntouch '${marks}/${name}'\ncat\n`, { mode: 0o755 });
    writeFileSync(failing, `#!/bin/sh\ntouch '${marks}/${name}'\nexit 1\n`, { mode: 0o755 });
    TRAPS[name]?.set({ repo, program, failing });
  }
  const sprung = () => {
    const found = readdirSync(marks);
    for (const mark of found) {
      rmSync(join(marks, mark));
    }
    return found;
  };
  // Setting one may have sprung another.
  sprung();
  return { ...repo, searchPath: `${repo.path}:${repo.path}/bin:.::bin:${Bun.env["PATH"]}`, sprung };
}

/** Types a command in the repository as a person would. */
export function type(repo: GitRepo, command: string): void {
  if (GIT === null || !existsSync(repo.path)) {
    throw new Error("there is no git, or no repository");
  }
  const env = { ...plainEnvironment(repo.path), GIT_AUTHOR_NAME: "T", GIT_AUTHOR_EMAIL: "t@example.org" };
  Bun.spawnSync(["sh", "-c", command], {
    cwd: repo.path,
    env: { ...env, GIT_COMMITTER_NAME: "T", GIT_COMMITTER_EMAIL: "t@e" },
  });
}

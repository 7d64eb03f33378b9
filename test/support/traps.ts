import { chmodSync, mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type GitRepo, repoAt } from "./git-repo.ts";

/** What a trap is built with. */
interface Bait {
  repo: GitRepo;
  /** A program that leaves a mark when it runs, and hands its input on. */
  program: string;
  /** The same, but it fails: git would wait for what a server says. */
  failing: string;
}

/** One way in which a repository can have code run by whoever looks at it. */
interface Trap {
  set(bait: Bait): void;
  /** What a person would type, with which the trap does go off; nothing where git itself never falls for it. */
  control?: string | undefined;
}

const config = (repo: GitRepo, ...pairs: [name: string, value: string][]) => {
  for (const [name, value] of pairs) {
    repo.git("config", "--add", name, value);
  }
};

const attributes = (repo: GitRepo, line: string) => {
  mkdirSync(join(repo.path, ".git", "info"), { recursive: true });
  writeFileSync(join(repo.path, ".git", "info", "attributes"), `${line}\n`, { flag: "a" });
};

/** A tracked file whose stat is not what the index holds: git reads it again, through its filters. */
const touch = (repo: GitRepo) => utimesSync(join(repo.path, "a.txt"), new Date(0), new Date(0));

/** The same, typed. */
const TOUCH = "touch -t 200001010000 src/b.txt";

/** A clone that would fetch what it lacks: its HEAD's tree. */
const lackTree = (repo: GitRepo, url: string) => {
  config(repo, ["extensions.partialClone", "origin"], ["remote.origin.promisor", "true"], ["remote.origin.url", url]);
  config(repo, ["core.repositoryFormatVersion", "1"]);
  const tree = repo.git("rev-parse", "HEAD^{tree}");
  rmSync(join(repo.path, ".git", "objects", tree.slice(0, 2), tree.slice(2)));
};

/** The traps by their names. */
export const TRAPS: Readonly<Record<string, Trap>> = {
  "file monitor": {
    set: ({ repo, program }) => config(repo, ["core.fsmonitor", program]),
    control: "git status",
  },
  hooks: {
    set({ repo, program }) {
      for (const hook of ["post-index-change", "reference-transaction", "pre-auto-gc", "post-checkout"]) {
        writeFileSync(join(repo.path, ".git", "hooks", hook), `#!/bin/sh\nexec ${program} </dev/null\n`, {
          mode: 0o755,
        });
      }
      touch(repo);
    },
    control: `${TOUCH}; git status`,
  },
  "hooks elsewhere": {
    set({ repo, program }) {
      repo.write("hooks/post-index-change", `#!/bin/sh\nexec ${program} </dev/null\n`);
      chmodSync(join(repo.path, "hooks", "post-index-change"), 0o755);
      config(repo, ["core.hooksPath", "hooks"]);
      touch(repo);
    },
    control: `${TOUCH}; git status`,
  },
  "clean filter": {
    set({ repo, program }) {
      config(repo, ["filter.trap.clean", program]);
      attributes(repo, "* filter=trap");
      touch(repo);
    },
    control: `${TOUCH}; git status`,
  },
  "smudge filter": {
    set({ repo, program }) {
      config(repo, ["filter.trap.smudge", program]);
      attributes(repo, "* filter=trap");
      touch(repo);
    },
    control: "rm a.txt; git checkout -- a.txt",
  },
  "filter process": {
    set({ repo, program }) {
      config(repo, ["filter.trap.process", program], ["filter.trap.required", "true"]);
      attributes(repo, "* filter=trap");
      touch(repo);
    },
    control: `${TOUCH}; git status`,
  },
  textconv: {
    set({ repo, program }) {
      config(repo, ["diff.trap.textconv", program]);
      attributes(repo, "* diff=trap");
      repo.write("a.txt", "changed\n");
    },
    control: "git diff",
  },
  "external diff": {
    set({ repo, program }) {
      config(repo, ["diff.external", program], ["diff.trap.command", program]);
      attributes(repo, "src/* diff=trap");
      repo.write("a.txt", "changed\n");
      repo.git("add", "a.txt");
    },
    control: "git diff --cached",
  },
  pager: {
    set: ({ repo, program }) =>
      config(repo, ["core.pager", program], ["pager.ls-files", program], ["pager.rev-parse", program]),
    // Only on a terminal.
    control: process.platform === "linux" && Bun.which("script") ? 'script -qec "git log" /dev/null' : undefined,
  },
  include: {
    set({ repo, program }) {
      repo.write("evil.config", `[core]\n\tfsmonitor = ${program}\n`);
      config(repo, ["include.path", "../evil.config"]);
    },
    control: "git status",
  },
  "conditional include": {
    set({ repo, program }) {
      repo.write("evil.config", `[core]\n\tfsmonitor = ${program}\n`);
      config(repo, ["includeIf.gitdir:**.path", "../evil.config"]);
    },
    control: "git status",
  },
  "configuration of the work tree": {
    set({ repo, program }) {
      config(repo, ["core.repositoryFormatVersion", "1"], ["extensions.worktreeConfig", "true"]);
      writeFileSync(join(repo.path, ".git", "config.worktree"), `[core]\n\tfsmonitor = ${program}\n`);
    },
    control: "git status",
  },
  "ssh command for missing objects": {
    set({ repo, failing }) {
      config(repo, ["core.sshCommand", failing], ["protocol.ssh.allow", "always"]);
      lackTree(repo, "ssh://host.invalid/r");
    },
    control: "git ls-tree HEAD",
  },
  "helper for missing objects": {
    set({ repo, failing }) {
      config(repo, ["protocol.ext.allow", "always"]);
      lackTree(repo, `ext::${failing}`);
    },
    control: "git ls-tree HEAD",
  },
  "upload-pack for missing objects": {
    set({ repo, failing }) {
      config(repo, ["protocol.file.allow", "always"], ["remote.origin.uploadpack", failing]);
      lackTree(repo, `file://${repo.path}`);
    },
    control: "git ls-tree HEAD",
  },
  "git proxy": {
    set({ repo, failing }) {
      config(repo, ["core.gitProxy", failing], ["protocol.git.allow", "always"]);
      lackTree(repo, "git://host.invalid/r");
    },
    control: "git ls-tree HEAD",
  },
  "credential helper": {
    set: ({ repo, program }) => config(repo, ["credential.helper", `!${program}`], ["core.askPass", program]),
    control: "printf 'protocol=https\\nhost=x\\n\\n' | git credential fill",
  },
  editor: {
    set: ({ repo, program }) => config(repo, ["core.editor", program], ["sequence.editor", program]),
    control: "git commit --allow-empty",
  },
  aliases: {
    set({ repo, program }) {
      for (const command of ["rev-parse", "symbolic-ref", "config", "ls-files", "diff-index", "trap"]) {
        config(repo, [`alias.${command}`, `!${program}`]);
      }
    },
    control: "git trap",
  },
  submodule: {
    set({ repo, program }) {
      const inner = repoAt(join(repo.path, "inner"));
      inner.git("init", "-q");
      inner.write("a.txt", "a\n");
      inner.git("add", "-A");
      inner.git("commit", "-qm", "inner");
      repo.write(".gitmodules", `[submodule "inner"]\n\tpath = inner\n\turl = ./inner\n`);
      config(repo, ["submodule.inner.url", "./inner"], ["submodule.inner.update", `!${program}`]);
      repo.git("add", "inner", ".gitmodules");
      config(inner, ["core.fsmonitor", program]);
      inner.write("a.txt", "changed\n");
    },
    control: "git status",
  },
  "git in the repository": {
    set({ repo, program }) {
      repo.write("git", `#!/bin/sh\nexec ${program} </dev/null\n`);
      repo.write("bin/git", `#!/bin/sh\nexec ${program} </dev/null\n`);
      chmodSync(join(repo.path, "git"), 0o755);
      chmodSync(join(repo.path, "bin", "git"), 0o755);
    },
    control: 'PATH="$PWD/bin:.::$PATH" git status',
  },
};

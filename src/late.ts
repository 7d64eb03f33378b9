import type { RepoReader } from "./domain/drift.ts";
import { homeFolder } from "./home.ts";
import type { Artifacts } from "./store/artifacts.ts";

/** The artifacts folder, its code loaded with the first artifact; of `onUnsynced` see there. */
export function lazyArtifacts(folder: string, onUnsynced: (error: unknown) => void): Artifacts {
  let opened: Promise<Artifacts> | undefined;
  const open = () => {
    opened ??= import("./store/artifact-folder.ts").then(({ openArtifactFolder }) =>
      openArtifactFolder(folder, onUnsynced),
    );
    return opened;
  };
  return {
    keep: async (bytes) => (await open()).keep(bytes),
    read: async (artifact, range) => (await open()).read(artifact, range),
    probe: async () => (await open()).probe(),
  };
}

/** Reads a file of a task's repository, the code loaded with the first; see `repo/read-file.ts` for what it throws. */
export async function readFile(repo_path: string | undefined, path: string): Promise<Uint8Array> {
  const { readRepoFile } = await import("./repo/read-file.ts");
  return readRepoFile(repo_path, path);
}

/** The eyes for repositories, their code loaded with the first look. Of the environment git is found by the PATH. */
export function lazyRepo(env: Readonly<Record<string, string | undefined>>): RepoReader {
  let opened: Promise<RepoReader> | undefined;
  const settings = { path: env["PATH"], home: homeFolder(env), systemRoot: env["SYSTEMROOT"] };
  const open = () => {
    opened ??= import("./repo/open-repo.ts").then(({ openRepo }) => openRepo(settings));
    return opened;
  };
  return {
    capture: async (repo_path) => (await open()).capture(repo_path),
    drift: async (repo_path, then) => (await open()).drift(repo_path, then),
  };
}

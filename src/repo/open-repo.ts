import { compareRepo, type FileState, type RepoReader, type RepoState, type Unavailable } from "../domain/drift.ts";
import { findGits, type GitSettings, gitFor } from "./git.ts";
import { type Listing, listRepo } from "./listing.ts";
import { look } from "./look.ts";
import { findWorkTree, type WorkTree } from "./work-tree.ts";

/** How long a capture may take at most, and when it ends with what it has; milliseconds. */
const HARD_MS = 2000;
const SOFT_MS = 1400;

const LATE: Unavailable = { unavailable: "git or the file system did not answer within 2 s" };

/** Opens the eyes for repositories; git is looked for once. */
export function openRepo(settings: GitSettings): RepoReader {
  let gits: Promise<string[]> | undefined;
  const list = oneAtATime(async (tree) => {
    const [soft, hard] = [AbortSignal.timeout(SOFT_MS), AbortSignal.timeout(HARD_MS)];
    gits ??= findGits(settings.path);
    const git = await gitFor(tree.root, await gits, settings);
    return git === undefined
      ? { unavailable: "git is not installed, or not on the PATH" }
      : listRepo(git, tree, { soft, hard });
  });
  const capture = (repo_path: string, watched: readonly FileState[]) =>
    patiently(async () => {
      const soft = AbortSignal.timeout(SOFT_MS);
      const tree = await findWorkTree(repo_path);
      const listing = "unavailable" in tree ? tree : await list(tree);
      return "unavailable" in listing ? listing : look(listing, watched, soft);
    });
  return {
    capture: (repo_path) => capture(repo_path, []),
    async drift(repo_path, then) {
      const now = await capture(repo_path, then.files);
      return "unavailable" in now ? { drift_unavailable: now.unavailable } : { drift: compareRepo(then, now) };
    },
  };
}

type Lister = (tree: WorkTree) => Promise<Listing | Unavailable>;

/** `list`, never running twice at a time on one repository: who comes meanwhile shares the next run. */
function oneAtATime(list: Lister): Lister {
  const running = new Map<string, Promise<Listing | Unavailable>>();
  const waiting = new Map<string, Promise<Listing | Unavailable>>();
  const start: Lister = (tree) => {
    waiting.delete(tree.root);
    const listing = list(tree).finally(() => {
      if (running.get(tree.root) === listing) {
        running.delete(tree.root);
      }
    });
    running.set(tree.root, listing);
    return listing;
  };
  return (tree) => {
    const now = running.get(tree.root);
    if (now === undefined) {
      return start(tree);
    }
    const next =
      waiting.get(tree.root) ??
      now.then(
        () => start(tree),
        () => start(tree),
      );
    waiting.set(tree.root, next);
    return next;
  };
}

/** What `work` answers within two seconds; a reason instead of what it throws. */
async function patiently(work: () => Promise<RepoState | Unavailable>): Promise<RepoState | Unavailable> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Unavailable>((resolve) => {
    timer = setTimeout(resolve, HARD_MS, LATE);
  });
  try {
    return await Promise.race([work(), late]);
  } catch (error) {
    const timedOut = error instanceof DOMException && error.name === "TimeoutError";
    return timedOut ? LATE : { unavailable: "git could not be run" };
  } finally {
    clearTimeout(timer);
  }
}

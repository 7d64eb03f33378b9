import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { freshRepo, GIT, type GitRepo, NEEDS_GIT } from "../support/git-repo.ts";
import { call, connect, EXECUTABLE, freshStore, startHttp, startStdio, transports } from "../support/server.ts";
import { trappedRepo, type } from "../support/trapped-repo.ts";

/** Those that one repository can hold, in an order in which none is in the way of setting the next. */
const TRAPS_TOGETHER = [
  ...["external diff", "textconv", "submodule", "pager", "aliases", "editor", "credential helper"],
  ...["git in the repository", "include", "conditional include", "hooks", "smudge filter", "clean filter"],
  ...["file monitor", "ssh command for missing objects"],
];

/** A task on a repository, with a checkpoint by agent a; what claims by agent b answer. */
async function handedOver(repo: GitRepo, flags: readonly string[] = []) {
  const client = await connect(transports.stdio([...freshStore(), ...flags]));
  await call(client, "create_task", { task_id: "t", title: "Title", goal: "Goal", repo_path: repo.path });
  await call(client, "save_checkpoint", { task_id: "t", agent: "a", completed_steps: ["one"] });
  await call(client, "handoff_task", { task_id: "t", from_agent: "a", to_agent: "b" });
  return { client, claim: () => call(client, "claim_task", { task_id: "t", agent: "b" }) };
}

describe.skipIf(GIT === null)(`drift over stdio${NEEDS_GIT}`, () => {
  test("is empty when the repository is as it was at the checkpoint", async () => {
    const repo = freshRepo();
    repo.write("a.txt", "changed\n");
    const { claim } = await handedOver(repo);
    expect(await claim()).toMatchObject({ task: { task_id: "t", current_owner: "b" }, drift: [] });
  });

  test("tells the claimant of branch, HEAD and files that changed since the checkpoint", async () => {
    const repo = freshRepo();
    repo.write("a.txt", "changed\n");
    repo.write("new.txt", "new\n");
    const { client, claim } = await handedOver(repo);
    const old = repo.git("rev-parse", "HEAD");
    repo.git("checkout", "-q", "-b", "feature");
    repo.git("commit", "-q", "--allow-empty", "-m", "second");
    repo.write("a.txt", "changed again\n");
    rmSync(join(repo.path, "new.txt"));
    const { drift, brief } = await claim();
    expect(drift).toEqual([
      { kind: "branch", old: "main", new: "feature" },
      { kind: "head", old, new: repo.git("rev-parse", "HEAD") },
      { kind: "file_changed", path: "a.txt", now: "modified" },
      { kind: "file_missing", path: "new.txt" },
    ]);
    for (const told of ["branch: main → feature", "file_changed: a.txt, modified", "file_missing: new.txt"]) {
      expect(brief).toContain(`- ${told}\n`);
    }
    const seen = await call(client, "get_task", { task_id: "t", view: "brief" });
    expect(seen["brief"]).toContain("- branch: main → feature\n");
    const { contents } = await client.readResource({ uri: "task://t/brief" });
    expect(JSON.stringify(contents)).toContain("- branch: main → feature");
    const { messages } = await client.getPrompt({ name: "resume_task", arguments: { task_id: "t" } });
    expect(JSON.stringify(messages)).toContain("- branch: main → feature");
  });

  test("counts from the newest checkpoint, whichever tool made it; a repeat of one makes none", async () => {
    const repo = freshRepo();
    const { client, claim } = await handedOver(repo);
    await claim();
    const branchOf = async () => (await claim())["drift"];
    repo.git("checkout", "-q", "-b", "one");
    await call(client, "save_checkpoint", { task_id: "t", agent: "b", completed_steps: ["one"] });
    expect(await branchOf()).toEqual([{ kind: "branch", old: "main", new: "one" }]);
    await call(client, "update_task", { task_id: "t", agent: "b", remaining_steps: ["two"] });
    expect(await branchOf()).toEqual([]);
    repo.git("checkout", "-q", "-b", "two");
    await call(client, "mark_exhausted", { task_id: "t", agent: "b", resume_prompt: "Go on" });
    expect(await branchOf()).toEqual([]);
    expect(await call(client, "get_task", { task_id: "t" })).toMatchObject({ checkpoint_count: 3 });
  });

  test("is unavailable, and neither checkpoint nor claim fails, when there is no repository", async () => {
    const repo = freshRepo();
    const gone = await handedOver(repo);
    rmSync(repo.path, { recursive: true });
    expect(await gone.claim()).toMatchObject({
      task: { current_owner: "b" },
      drift_unavailable: "there is no folder at repo_path",
    });
    const never = await handedOver(repo);
    expect(await never.claim()).toMatchObject({
      drift_unavailable: "nothing was captured with the newest checkpoint",
    });
  });

  test("is not told of a task without repository or checkpoint, nor where it is switched off", async () => {
    const repo = freshRepo();
    const { client, claim } = await handedOver(repo, ["--drift", "off"]);
    expect(Object.keys(await claim())).not.toContain("drift");
    expect(Object.keys(await claim())).not.toContain("drift_unavailable");
    const on = await connect(transports.stdio(freshStore()));
    await call(on, "create_task", { task_id: "bare", title: "Title", goal: "Goal", repo_path: repo.path });
    expect(Object.keys(await call(on, "claim_task", { task_id: "bare", agent: "b" }))).not.toContain("drift");
    expect(client).toBeDefined();
  });

  test("is captured in the order in which calls came, however they are sent", async () => {
    const repo = freshRepo();
    const server = startStdio(freshStore());
    await server.initialize();
    const tool = (name: string, args: Record<string, unknown>) =>
      server.request("tools/call", { name, arguments: { task_id: "t", ...args } });
    const answers = await Promise.all([
      tool("create_task", { title: "Title", goal: "Goal", repo_path: repo.path }),
      tool("save_checkpoint", { agent: "a", completed_steps: ["one"] }),
      tool("handoff_task", { from_agent: "a", to_agent: "b" }),
      server.request("resources/read", { uri: "task://t" }),
      server.request("prompts/get", { name: "resume_task", arguments: { task_id: "t" } }),
      tool("claim_task", { agent: "b" }),
    ]);
    const [, , , read, prompt, claimed] = answers.map((answer) => JSON.stringify(answer["result"]));
    expect(read).toContain("handoff_ready");
    expect(prompt).toContain("handoff_ready");
    expect(claimed).toContain('"drift":[]');
  });

  test("runs nothing that the repository configures, at the checkpoint and at the claim", async () => {
    const repo = trappedRepo(TRAPS_TOGETHER);
    const server = startStdio(freshStore(), { cwd: repo.path, env: { ...Bun.env, PATH: repo.searchPath } });
    await server.initialize();
    repo.write("src/b.txt", "changed\n");
    const tool = async (name: string, args: Record<string, unknown>) =>
      (await server.request("tools/call", { name, arguments: { task_id: "t", ...args } }))["result"];
    await tool("create_task", { title: "Title", goal: "Goal", repo_path: repo.path });
    await tool("save_checkpoint", { agent: "a", completed_steps: ["one"] });
    repo.write("src/b.txt", "changed since\n");
    const claimed = await tool("claim_task", { agent: "a" });
    expect(JSON.stringify(claimed)).toContain('"kind":"file_changed","path":"src/b.txt"');
    expect(repo.sprung()).toEqual([]);
    await server.end();
    type(repo, "git status; git diff");
    expect(repo.sprung()).not.toEqual([]);
  });
});

describe.skipIf(GIT === null)(`drift over HTTP${NEEDS_GIT}`, () => {
  test.each([
    { flags: [], told: false },
    { flags: ["--drift", "on"], told: true },
  ])("with flags $flags is told: $told", async ({ flags, told }) => {
    const repo = freshRepo();
    const { url } = await startHttp([...freshStore(), ...flags]);
    const client = await connect(transports.http(url));
    await call(client, "create_task", { task_id: "t", title: "Title", goal: "Goal", repo_path: repo.path });
    await call(client, "save_checkpoint", { task_id: "t", agent: "a", completed_steps: ["one"] });
    repo.git("checkout", "-q", "-b", "feature");
    const claimed = await call(client, "claim_task", { task_id: "t", agent: "a" });
    expect(claimed["drift"]).toEqual(told ? [{ kind: "branch", old: "main", new: "feature" }] : undefined);
    expect(claimed["drift_unavailable"]).toBeUndefined();
  });
});

test("--drift takes auto, on and off alone", () => {
  const { exitCode, stderr } = Bun.spawnSync([EXECUTABLE, ...freshStore(), "--drift", "maybe"]);
  expect(exitCode).toBe(2);
  expect(stderr.toString()).toBe(
    'Cannot start mcp-task-server: drift "maybe" is none; auto, on and off are accepted (--drift, MCP_TASK_DRIFT)\n',
  );
});

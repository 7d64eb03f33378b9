import { describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createClock } from "../../src/clock.ts";
import type { Acknowledgement, Decision } from "../../src/domain/changes.ts";
import { claimTask } from "../../src/domain/claim-task.ts";
import { TaskError } from "../../src/domain/errors.ts";
import { handOff } from "../../src/domain/handoff.ts";
import type { Instant } from "../../src/domain/instant.ts";
import type { TaskView } from "../../src/domain/task.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import { grant } from "../store/commands.ts";
import { temporaryFolder } from "../support/folder.ts";
import { freshStore, startStdio } from "../support/server.ts";

/** Where Debian, Fedora, Arch and a build of one's own put it. */
const LIBRARY = [
  "/usr/lib/x86_64-linux-gnu/faketime",
  "/usr/lib/aarch64-linux-gnu/faketime",
  "/usr/lib64/faketime",
  "/usr/lib/faketime",
  "/usr/local/lib/faketime",
]
  .map((folder) => join(folder, "libfaketime.so.1"))
  .find((path) => existsSync(path));

/** A server whose wall clock is set at will, and one whose clock is right, on one store. */
async function startServers() {
  const store = freshStore();
  const shift = join(temporaryFolder(), "shift");
  writeFileSync(shift, "+0");
  const wrong = startStdio(store, {
    env: {
      LD_PRELOAD: LIBRARY ?? "",
      FAKETIME_TIMESTAMP_FILE: shift,
      FAKETIME_NO_CACHE: "1",
      DONT_FAKE_MONOTONIC: "1",
    },
  });
  const right = startStdio(store);
  await Promise.all([wrong.initialize(), right.initialize()]);
  const ask = async (server: typeof wrong, name: string, args: Record<string, unknown>) => {
    const { result } = await server.request("tools/call", { name, arguments: args });
    const { isError, content, structuredContent } = Object(result);
    return isError === true ? { refused: JSON.parse(content[0].text).code } : structuredContent;
  };
  return {
    /** Sets the wall clock of the one server: `-6y`, `+1y`. */
    setClock: (to: string) => writeFileSync(shift, to),
    onWrong: (name: string, args: Record<string, unknown>) => ask(wrong, name, args),
    onRight: (name: string, args: Record<string, unknown>) => ask(right, name, args),
    /** What another process does so many seconds from now, or before now, by this boot's clock or another's. */
    async at(seconds: number, decide: Decide, boot?: string) {
      const clock = createClock();
      const now = () => {
        const { wall, uptime, boot_id } = clock();
        return { wall: wall + 1000 * seconds, uptime: uptime + seconds, boot_id: boot ?? boot_id };
      };
      const elsewhen = await openStore(store[1] ?? "", { now, onOutdated: () => undefined });
      try {
        const { status, current_owner } = await elsewhen.write({ select: { task_id: "t" }, decide });
        return { status, current_owner };
      } catch (error) {
        return { refused: error instanceof TaskError ? error.code : error };
      } finally {
        await elsewhen.close();
      }
    },
  };
}

type Servers = Awaited<ReturnType<typeof startServers>>;
type Decide = (view: TaskView, now: Instant) => Decision<Acknowledgement>;

const claimed =
  (agent: string): Decide =>
  (view, now) =>
    claimTask(view, {}, { command: "claim_task", agent, grant: grant(), now });
const offered =
  (agent: string, to_agent: string): Decide =>
  (view, now) =>
    handOff(view, { to_agent }, { command: "handoff_task", agent, grant: grant(), now });

const CREATE = ["create_task", { task_id: "t", title: "Title", goal: "Goal" }] as const;
const claim = (agent: string) => ["claim_task", { task_id: "t", agent }] as const;
const REFUSED = { refused: "not_owner" };
const LEASE = 3600;
const OFFER = 86_400;
const DAY_MS = 86_400_000;

/** How many years the one server's clock is off: it was really set, or nothing is proved. */
async function yearsOff({ onWrong }: Servers): Promise<number> {
  await onWrong("update_task", { task_id: "t", priority: 0 });
  const { updated_at } = await onWrong("get_task", { task_id: "t" });
  return yearsFromNow(updated_at);
}

/** Whole years of 365 days, as libfaketime counts them. */
function yearsFromNow(at: string): number {
  // Plus nothing, since a toEqual tells -0 from 0.
  return Math.round((Date.parse(at) - Date.now()) / (365 * DAY_MS)) + 0;
}

describe.skipIf(LIBRARY === undefined)("a wall clock that is set while a server runs (needs libfaketime)", () => {
  test.each([
    ["-6y", -6],
    ["+1y", 1],
  ])("%s does not free a task: whoever has it keeps it, on every server", async (set, years) => {
    const servers = await startServers();
    await servers.onWrong(...CREATE);
    const { lease_token } = await servers.onWrong(...claim("alpha"));
    servers.setClock(set);
    expect(await yearsOff(servers)).toBe(years);
    expect(await servers.onWrong(...claim("beta"))).toEqual(REFUSED);
    expect(await servers.onRight(...claim("beta"))).toEqual(REFUSED);
    const step = { task_id: "t", agent: "alpha", completed_steps: ["one"], lease_token };
    expect(await servers.onWrong("save_checkpoint", step)).toMatchObject({ current_owner: "alpha", checkpoint: 1 });
    expect(await servers.onWrong(...claim("beta"))).toEqual(REFUSED);
    expect(await servers.onRight(...claim("beta"))).toEqual(REFUSED);
  });

  test.each([
    ["-6y", -6],
    ["+1y", 1],
  ])("%s does not freeze a task: once its time is over, and not before, anyone takes it", async (set, years) => {
    for (const [ago, answer] of [
      [LEASE - 60, REFUSED],
      [LEASE + 2, { task: { current_owner: "beta" } }],
    ] as const) {
      for (const server of ["onWrong", "onRight"] as const) {
        const servers = await startServers();
        await servers.onWrong(...CREATE);
        expect(await servers.at(-ago, claimed("alpha"))).toMatchObject({ current_owner: "alpha" });
        servers.setClock(set);
        expect(await yearsOff(servers)).toBe(years);
        expect(await servers[server](...claim("beta"))).toMatchObject(answer);
      }
    }
  });

  test.each([
    ["-6y", -6],
    ["+1y", 1],
  ])("a lease that is granted at %s lasts as long as any other", async (set, years) => {
    const servers = await startServers();
    await servers.onWrong(...CREATE);
    servers.setClock(set);
    expect(await yearsOff(servers)).toBe(years);
    const { task } = await servers.onWrong(...claim("alpha"));
    expect(task.lease_seconds_left).toBeGreaterThan(LEASE - 60);
    expect(await servers.at(LEASE - 60, claimed("beta"))).toEqual(REFUSED);
    expect(await servers.at(LEASE + 2, claimed("beta"))).toMatchObject({ current_owner: "beta" });
    const late = { task_id: "t", agent: "alpha", completed_steps: ["late"] };
    expect(await servers.onWrong("save_checkpoint", late)).toEqual({ refused: "lease_lost" });
  });

  test.each([
    ["-6y", -6],
    ["+1y", 1],
  ])("%s neither opens an offer to all before its time nor keeps it shut after", async (set, years) => {
    for (const [ago, answer] of [
      [OFFER - 60, REFUSED],
      [OFFER + 2, { task: { current_owner: "gamma" } }],
    ] as const) {
      const servers = await startServers();
      await servers.onWrong(...CREATE);
      await servers.at(-ago, offered("alpha", "beta"));
      servers.setClock(set);
      expect(await yearsOff(servers)).toBe(years);
      expect(await servers.onWrong(...claim("gamma"))).toMatchObject(answer);
    }
  });

  test("the history goes by version, whatever the clock showed", async () => {
    const servers = await startServers();
    await servers.onWrong(...CREATE);
    for (const set of ["+1y", "-6y", "+0"]) {
      servers.setClock(set);
      await servers.onWrong("update_task", { task_id: "t", agent: "alpha", title: `At ${set}` });
    }
    const { events } = await servers.onRight("get_task", { task_id: "t", view: "history" });
    expect(events.map(({ version }: { version: number }) => version)).toEqual([4, 3, 2, 1]);
    expect(events.map(({ at }: { at: string }) => yearsFromNow(at))).toEqual([0, -6, 1, 0]);
  });

  test("after the machine was started anew the wall clock counts, and then alone", async () => {
    const servers = await startServers();
    await servers.onWrong(...CREATE);
    await servers.at(0, claimed("alpha"), "the boot before");
    servers.setClock("-6y");
    expect(await servers.onWrong(...claim("beta"))).toEqual(REFUSED);
    servers.setClock("+1y");
    expect(await servers.onWrong(...claim("beta"))).toMatchObject({ task: { current_owner: "beta" } });
  });
});

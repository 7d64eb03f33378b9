import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { enveloped, postStateless } from "../support/eras.ts";
import { call, connect, freshStore, startHttp, startStdio, transports } from "../support/server.ts";
import { problemsOf, type Site } from "./ledger.ts";
import { type Acknowledged, attachments, type Call, lives, SHARED, workUntilCut } from "./load.ts";

/** In CI; the long setting is `KILLS=1000 ARTIFACT_KILLS=300 bun test --timeout 3600000 test/faults/kill.test.ts`. */
const KILLS = Number(Bun.env["KILLS"] ?? 30);
const ARTIFACT_KILLS = Number(Bun.env["ARTIFACT_KILLS"] ?? 9);
/** So many rounds share a store: it must also stand what it has been through. */
const ROUNDS_A_STORE = 20;

type Work = (worker: string) => Iterable<Call>;
type Message = Record<string, unknown>;

/** A process under load, until it is killed. */
interface Victim {
  kill(): void;
  /** Resolves when it is dead and its workers have seen it. */
  over: Promise<unknown>;
}

/** Three clients of an HTTP server. */
async function http(flags: string[], name: string, work: Work, ledger: Acknowledged[]): Promise<Victim> {
  const { process, url } = await startHttp(flags);
  const send = async (call: Call): Promise<Message | undefined> => {
    try {
      return Object(await (await postStateless(url, "tools/call", { ...call })).json());
    } catch {
      return undefined;
    }
  };
  const workers = [1, 2, 3].map((n) => workUntilCut(work(`${name}h${n}`), send, ledger));
  return { kill: () => process.kill("SIGKILL"), over: Promise.all([process.exited, ...workers]) };
}

/** A server of its own for one client, which sends the next call while one is under way. */
async function stdio(flags: string[], name: string, work: Work, ledger: Acknowledged[]): Promise<Victim> {
  const server = startStdio(flags);
  const send = (call: Call) => server.request("tools/call", enveloped({ ...call })).catch(() => undefined);
  await send(SHARED);
  const workers = [1, 2].map((n) => workUntilCut(work(`${name}s${n}`), send, ledger));
  return { kill: () => server.process.kill("SIGKILL"), over: Promise.all([server.process.exited, ...workers]) };
}

/** Kills each of three processes on one store at a moment of its own. */
async function killRound(flags: string[], name: string, work: Work, ledger: Acknowledged[]): Promise<void> {
  const victims = await Promise.all([
    http(flags, name, work, ledger),
    stdio(flags, `${name}a`, work, ledger),
    stdio(flags, `${name}b`, work, ledger),
  ]);
  await Promise.all(
    victims.map(async ({ kill, over }) => {
      // The moment of the kill is what is drawn; nothing is waited for.
      await Bun.sleep(20 + 280 * Math.random());
      kill();
      await over;
    }),
  );
}

/** Runs rounds until so many processes were killed, and looks at the store after each. */
async function killAll(kills: number, work: Work, afterRound: (site: Site, flags: string[]) => Promise<void>) {
  let acknowledged = 0;
  let flags: string[] = [];
  let ledger: Acknowledged[] = [];
  for (let round = 0; round * 3 < kills; round++) {
    if (round % ROUNDS_A_STORE === 0) {
      acknowledged += ledger.length;
      flags = freshStore();
      ledger = [];
    }
    await killRound(flags, `r${round}`, work, ledger);
    const site = { db: flags[1] ?? "", artifacts: flags[3] ?? "" };
    expect(problemsOf(site, ledger)).toEqual([]);
    await afterRound(site, flags);
  }
  return acknowledged + ledger.length;
}

/** The drafts that writers left in an artifacts folder. */
function draftsIn(folder: string): string[] {
  const names = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }) : [];
  return names.filter((name) => name.endsWith(".part"));
}

describe("kill -9", () => {
  test("at any moment of a mixed load over stdio and HTTP loses nothing acknowledged and leaves nothing half-applied", async () => {
    const work: Work = (worker) => lives(worker, { artifactBytes: 60_000 });
    const acknowledged = await killAll(KILLS, work, async () => undefined);
    console.error(`${KILLS} kills: ${acknowledged} acknowledged writes, none missing, none half-applied`);
    expect(acknowledged).toBeGreaterThan(KILLS);
  }, 3_600_000);

  test("while artifacts are attached leaves no row without its bytes, and the next start removes the drafts", async () => {
    let left = 0;
    const work: Work = (worker) => attachments(worker, { artifactBytes: 3_000_000 });
    const acknowledged = await killAll(ARTIFACT_KILLS, work, async ({ artifacts }, flags) => {
      const drafts = draftsIn(artifacts);
      left += drafts.length;
      const client = await connect(transports.stdio(flags));
      await call(client, "create_task", { task_id: "after", title: "After", goal: "" });
      await call(client, "attach_artifact", { task_id: "after", name: "log", content: "the next start" });
      while (draftsIn(artifacts).length > 0) {
        await Bun.sleep(5);
      }
      await client.close();
    });
    console.error(`${ARTIFACT_KILLS} kills: ${acknowledged} acknowledged, ${left} drafts were left and removed`);
  }, 3_600_000);
});

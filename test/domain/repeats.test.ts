import { describe, expect, test } from "bun:test";
import { TaskError } from "../../src/domain/errors.ts";
import { STATUSES } from "../../src/domain/lifecycle.ts";
import { scenario } from "./scenario.ts";

type Scenario = ReturnType<typeof scenario>;
/** A command in words, and itself. */
type Command = readonly [what: string, act: (task: Scenario) => unknown];

const AGENTS = ["a", "b", "c"] as const;
const LOG = { name: "log", kind: "log", mime_type: "text/plain", size: 1 } as const;

/** Everything that one of three agents might do to a task, in the ways that differ; with `token` as its lease's. */
function commands(agent: string, version: number, token: string | undefined): Command[] {
  const others = AGENTS.filter((other) => other !== agent);
  const updates = [
    ...STATUSES.map((status) => ({ status })),
    ...AGENTS.map((current_owner) => ({ current_owner })),
    ...["One", "Two"].map((title) => ({ title })),
    { status: "done", current_owner: agent },
    { status: "done", title: "Done", completed_steps: ["all"] },
    { status: "in_progress", current_owner: agent },
    { current_owner: others[0], completed_steps: ["handed over"] },
    { completed_steps: ["three"], remaining_steps: [], resume_prompt: "go on" },
  ] as const;
  const versions = [{}, { expected_version: version }];
  let id = 0;
  return [
    ...["one", "two"].map(
      (step): Command => [step, (task) => task.checkpoint(agent, { completed_steps: [step] }, token)],
    ),
    ...[...others, undefined].flatMap((to_agent) =>
      ["limit", undefined].map(
        (reason): Command => [
          `offer to ${to_agent}, ${reason}`,
          (task) => task.handOff(agent, { to_agent, reason }, token),
        ],
      ),
    ),
    ...[{}, { reason: "quota" }, { resume_prompt: "last words" }].map(
      (why): Command => [`exhausted ${JSON.stringify(why)}`, (task) => task.exhaust(agent, why, token)],
    ),
    ...["1", "2"].map(
      (sha256): Command => [
        `attach ${sha256}`,
        (task) => task.attach(agent, { ...LOG, sha256, artifact_id: `${version}-${id++}` }),
      ],
    ),
    ...updates.flatMap((update) =>
      versions.flatMap((expected) =>
        [agent, undefined].map(
          (named): Command => [
            `update ${JSON.stringify({ ...update, ...expected })} as ${named ?? "whoever the connection says"}`,
            (task) => task.update(named, { ...update, ...expected }, token),
          ],
        ),
      ),
    ),
  ];
}

/** Numbers below 1, the same for the same seed: mulberry32. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

describe("a call that is sent again, as its answer was lost", () => {
  test("changes nothing more and is answered the same, whatever it was and in whatever state", () => {
    let accepted = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const next = random(seed);
      const pick = <Of>(from: readonly Of[]) => from[Math.floor(next() * from.length)];
      const task = scenario();
      for (let n = 0; n < 30; n++) {
        const agent = pick(AGENTS) ?? "a";
        if (next() < 0.1) {
          task.claim(agent);
          task.pass(pick([0, 4000, 90_000]) ?? 0);
        }
        const { version, current_owner, lease } = task.view().task;
        const token = current_owner === agent && next() < 0.5 ? lease?.token : undefined;
        const [what, act] = pick(commands(agent, version, token)) ?? ["", () => undefined];
        const first = act(task);
        if (!(first instanceof TaskError)) {
          accepted++;
          const events = task.events.length;
          expect({ seed, what, answer: act(task) }).toEqual({ seed, what, answer: first });
          expect({ seed, what, events: task.events.length }).toEqual({ seed, what, events });
        }
      }
    }
    expect(accepted).toBeGreaterThan(2000);
  });

  test("is acknowledged though the offer has been accepted meanwhile", () => {
    for (const offer of [{ to_agent: "b", reason: "limit" }, { reason: "limit" }, {}]) {
      const task = scenario();
      const { lease_token } = Object(task.claim("a"));
      task.handOff("a", offer, lease_token);
      const { version } = Object(task.checkpoint("b", { context: "b's" }));
      const again = { status: "in_progress", current_owner: "b", version };
      expect(task.handOff("a", offer, lease_token)).toMatchObject(again);
      expect(Object(task.handOff("a", offer)).lease_token).toBeUndefined();
      expect(task.handOff("a", { ...offer, reason: "other" })).toMatchObject({ code: "not_owner" });
      expect(task.handOff("a", { ...offer, to_agent: "c" })).toMatchObject({ code: "not_owner" });
      expect(task.handOff("c", offer.to_agent === undefined ? offer : {})).toMatchObject({ code: "not_owner" });
      task.update("b", { status: "done" });
      expect(task.handOff("a", offer, lease_token)).toMatchObject({ status: "done" });
    }
  });

  test("is acknowledged though another has taken the task of the exhausted one", () => {
    const task = scenario();
    const { lease_token } = Object(task.claim("a"));
    const exhausted = { reason: "quota", resume_prompt: "go on" };
    task.exhaust("a", exhausted, lease_token);
    const { version } = Object(task.claim("b"));
    expect(task.exhaust("a", exhausted, lease_token)).toMatchObject({ current_owner: "b", version });
    expect(task.exhaust("a", { reason: "error" }, lease_token)).toMatchObject({ code: "lease_lost" });
    expect(task.exhaust("c", exhausted)).toMatchObject({ code: "not_owner" });
    expect(task.view().task.version).toBe(version);
  });

  test("is acknowledged with the token of a lease that has ended, where its effect stands", () => {
    const task = scenario();
    const { lease_token } = Object(task.claim("a"));
    const saved = { completed_steps: ["one"] };
    expect(task.checkpoint("a", saved, lease_token)).toMatchObject({ checkpoint: 1 });
    task.pass(4000);
    const { version } = Object(task.claim("b"));
    const lost = { status: "in_progress", current_owner: "b", version };
    expect(task.checkpoint("a", saved, lease_token)).toMatchObject({ code: "lease_lost" });
    expect(task.checkpoint("a", saved)).toMatchObject({ code: "lease_lost" });
    expect(task.update("a", saved, lease_token)).toMatchObject(lost);
    expect(task.checkpoint("a", { completed_steps: ["two"] }, lease_token)).toMatchObject({ code: "lease_lost" });
    expect(task.checkpoint("c", saved)).toMatchObject({ code: "not_owner" });
    task.update("b", { status: "done" });
    expect(task.checkpoint("a", saved, lease_token)).toMatchObject({ status: "done", checkpoint: 1 });
  });

  test("does not bring an older session of the same agent the token of the next", () => {
    const task = scenario();
    const first = Object(task.claim("a")).lease_token;
    const saved = { completed_steps: ["one"] };
    task.checkpoint("a", saved, first);
    const next = Object(task.claim("a")).lease_token;
    const late = task.update("a", { title: "Title" }, first);
    expect(late).toMatchObject({ current_owner: "a" });
    expect(Object(late).lease_token).toBeUndefined();
    expect(task.checkpoint("a", saved, first)).toMatchObject({ code: "lease_lost" });
    expect(task.checkpoint("a", { completed_steps: ["two"] }, first)).toMatchObject({ code: "lease_lost" });
    expect(task.checkpoint("a", { completed_steps: ["two"] }, next)).toMatchObject({ checkpoint: 2 });
  });

  test("does not bring who gave a task away the token of its new owner", () => {
    const task = scenario();
    task.update(undefined, { status: "in_progress" });
    expect(task.view().task.current_owner).toBe("fallback");
    const given = task.update(undefined, { current_owner: "b" });
    expect(given).toMatchObject({ current_owner: "b" });
    expect(task.update(undefined, { current_owner: "b" })).toEqual(given);
    expect(Object(given).lease_token).toBeUndefined();
  });

  test("of an update that carries its version is acknowledged; another is a mismatch", () => {
    const task = scenario();
    const update = { title: "New", expected_version: 1 };
    expect(task.update("a", update)).toMatchObject({ version: 2 });
    expect(task.update("a", update)).toMatchObject({ version: 2 });
    expect(task.update("a", { ...update, title: "Newer" })).toMatchObject({ code: "version_mismatch" });
    task.update("b", { priority: 0 });
    expect(task.update("a", update)).toMatchObject({ version: 3 });
    task.update("b", { title: "Other" });
    expect(task.update("a", update)).toMatchObject({ code: "version_mismatch" });
  });
});

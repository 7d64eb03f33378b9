import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { BRIEF_TOKENS, buildBrief } from "../../src/domain/brief.ts";
import { CASES } from "./brief-cases.ts";
import { artifact, at, briefInput } from "./brief-input.ts";
import { HOSTILE, HOSTILE_NAMES, MARK } from "./hostile.ts";
import { randomInput, seeded } from "./random-input.ts";
import { HIDDEN, readBrief } from "./read-brief.ts";

/** Rewritten by `UPDATE_GOLDEN=1 bun test test/domain/brief.test.ts`; read the difference before you commit it. */
const GOLDEN = join(import.meta.dir, "brief");

describe("the resume brief, word for word", () => {
  test.each(Object.entries(CASES))("%s", async (name, { input, max_tokens }) => {
    const file = Bun.file(join(GOLDEN, `${name}.md`));
    const brief = `${buildBrief(input, max_tokens)}\n`;
    if (Bun.env["UPDATE_GOLDEN"] === "1") {
      await Bun.write(file, brief);
    }
    expect(brief).toBe(await file.text());
  });

  test("no golden file is left without its case", () => {
    expect(readdirSync(GOLDEN).toSorted()).toEqual(
      Object.keys(CASES)
        .map((name) => `${name}.md`)
        .toSorted(),
    );
  });
});

describe("the resume brief", () => {
  test("of a small task costs few tokens", () => {
    for (const name of ["checkpointed", "offered-to-one", "exhausted", "forced"]) {
      const { input } = CASES[name] ?? {};
      expect(input && buildBrief(input).length / 4).toBeLessThanOrEqual(150);
    }
  });

  test("cuts completed steps first, then test runs, then remaining after the tenth, then the goal, and last the next action", () => {
    const input = briefInput({
      task: { goal: "aim ".repeat(60) },
      progress: {
        completed_steps: Array.from({ length: 20 }, (_, n) => `finished ${n}`),
        remaining_steps: Array.from({ length: 20 }, (_, n) => `open step ${n}`),
        test_results: Array.from({ length: 20 }, (_, n) => ({ status: "passed" as const, suite: `suite ${n}` })),
        resume_prompt: "move ".repeat(40),
      },
      checkpoint: { agent: "a" },
    });
    const count = (brief: string, what: RegExp) => brief.match(what)?.length ?? 0;
    const shown = (tokens: number) => {
      const brief = buildBrief(input, tokens);
      return [/finished \d/g, /suite \d/g, /open step \d/g, /\baim\b/g, /\bmove\b/g].map((what) => count(brief, what));
    };
    const whole = [20, 20, 20, 60, 40];
    let before = whole;
    let cuts = 0;
    for (let tokens = 1000; tokens >= 100; tokens--) {
      const [completed = 0, tests = 0, remaining = 0, goal = 0, prompt = 0] = shown(tokens);
      expect(tests === 20 || completed === 0).toBe(true);
      expect(remaining === 20 || tests === 0).toBe(true);
      expect(goal === 60 || remaining <= 10).toBe(true);
      expect(prompt === 40 || goal <= 1).toBe(true);
      cuts += [completed, tests, remaining, goal, prompt].join() === before.join() ? 0 : 1;
      before = [completed, tests, remaining, goal, prompt];
    }
    expect(shown(1000)).toEqual(whole);
    expect(cuts).toBeGreaterThan(60);
  });

  test("says what it leaves out, and where that is", () => {
    const input = briefInput({
      progress: { completed_steps: Array.from({ length: 256 }, (_, n) => `finished ${n}`), context: "four" },
      checkpoint: {},
    });
    const brief = buildBrief(input);
    const shown = brief.match(/finished \d+/g) ?? [];
    expect(shown.at(-1)).toBe("finished 255");
    expect(brief).toContain(
      `Not shown: ${256 - shown.length} earlier completed steps, context (4 characters); see get_task (view full or history).`,
    );
  });

  test("keeps the next action for at least half of its room, whatever else there is", () => {
    const { input } = CASES["huge"] ?? {};
    const long = input && { ...input, progress: { ...input.progress, resume_prompt: "act ".repeat(16_000) } };
    expect((long && buildBrief(long))?.match(/act /g)?.length).toBeGreaterThanOrEqual(290);
  });

  test("never exceeds max_tokens, is the same twice, closes every fence and shows nothing hidden, of any input", () => {
    const random = seeded(20260101);
    for (let round = 0; round < 500; round++) {
      const input = randomInput(random);
      const tokens = random.pick([
        1,
        10,
        25,
        50,
        BRIEF_TOKENS.least,
        150,
        300,
        BRIEF_TOKENS.usual,
        2000,
        BRIEF_TOKENS.most,
      ]);
      const brief = buildBrief(input, tokens);
      expect(brief.length).toBeLessThanOrEqual(tokens * 4);
      expect(buildBrief(structuredClone(input), tokens)).toBe(brief);
      expect(brief.isWellFormed()).toBe(true);
      expect(HIDDEN.exec(brief)).toBeNull();
      expect(readBrief(brief).unknown).toEqual([]);
    }
  });
});

describe("what an agent wrote", () => {
  test("there are more than 60 hostile samples", () => {
    expect(Object.values(HOSTILE).flat().length).toBeGreaterThanOrEqual(60);
  });

  test.each(Object.entries(HOSTILE))("stands in a fence of its author wherever it is put: %s", (_, samples) => {
    for (const sample of samples) {
      const input = briefInput({
        task: {
          title: sample,
          goal: sample,
          repo_path: sample,
          predecessor: { agent: "p", how: "handoff", reason: sample, at: at(2) },
        },
        progress: {
          completed_steps: [sample],
          remaining_steps: [sample],
          test_results: [{ status: "failed", suite: sample, command: sample, output: sample }],
          resume_prompt: sample,
        },
        checkpoint: { agent: "c" },
        artifacts: [artifact(3, "a", sample)],
        drift: { drift: [{ kind: "branch", old: sample }] },
      });
      const brief = buildBrief(input, BRIEF_TOKENS.most);
      const { outside, fences, unknown } = readBrief(brief);
      expect(unknown).toEqual([]);
      expect(outside.join("\n")).not.toContain(MARK);
      expect(HIDDEN.exec(brief)).toBeNull();
      const found = fences.map(({ source, text }) => [source, text.split(MARK).length - 1]);
      expect(found).toEqual([
        [`by "planner", ${at(0).replace(".000", "")}`, 3],
        [`by "p", ${at(2).replace(".000", "")}`, 1],
        [`by "c", ${at(1).replace(".000", "")}`, 6],
        [`by "a", ${at(3).replace(".000", "")}`, 1],
        ["found in the repository", 1],
      ]);
    }
  });

  test.each([...HOSTILE_NAMES])("is told from the name of its author: %s", (name) => {
    const input = briefInput({
      task: { described_by: name, current_owner: name, status: "in_progress", attempts: [{ agent: name, count: 2 }] },
      progress: { resume_prompt: "p" },
      checkpoint: { agent: name },
    });
    const { fences, unknown } = readBrief(buildBrief(input));
    const label = `"${name.replaceAll('"', "'")}"`;
    expect(unknown).toEqual([]);
    expect(fences.map(({ source }) => source)).toEqual([
      `by ${label}, 2026-01-01T00:00:00Z`,
      `by ${label}, 2026-01-01T00:01:00Z`,
    ]);
  });
});

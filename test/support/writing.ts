import type { Progress } from "../../src/domain/checkpoint.ts";

const WORDS = 5000;
const SENTENCES = 8192;

/** Texts as agents write them: of 5,000 words some often, most seldom; the same for the same seed. */
export function createWriting(seed: number) {
  let place = Math.imul(seed, 2_654_435_761) >>> 0;
  const sentence = (words: number) => {
    place = (Math.imul(place, 1_664_525) + 1_013_904_223) >>> 0;
    return sentenceOf(words, place >>> 19);
  };
  return {
    sentence,
    progress: (step: number): Progress => ({
      completed_steps: Array.from({ length: 1 + step }, () => sentence(8)),
      remaining_steps: Array.from({ length: 3 }, () => sentence(8)),
      test_results: [{ command: "bun test", status: "passed", passed: 40 + step }],
      resume_prompt: `${step}: ${sentence(40)}`,
      context: sentence(60),
    }),
  };
}

const made = new Map<number, string[]>();

/** One of 8,192 sentences of so many words, which are made once. */
function sentenceOf(words: number, index: number): string {
  const known = made.get(words) ?? [];
  made.set(words, known);
  known[index % SENTENCES] ??= makeSentence(words, index + 1);
  return known[index % SENTENCES] ?? "";
}

/** The n-th word comes about 1/n times as often as the first. */
function makeSentence(words: number, seed: number): string {
  let state = Math.imul(seed, 2_246_822_519) >>> 0;
  return Array.from({ length: words }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return `w${Math.floor(WORDS ** (state / 2 ** 32))}`;
  }).join(" ");
}

import { type BriefInput, gather, type Material } from "./brief-material.ts";
import { type Amounts, compose, headline } from "./brief-text.ts";
import { shorten } from "./clean.ts";

/** The bounds of a brief, in tokens; JSON can double its characters, and an answer may have 50,000. */
export const BRIEF_TOKENS = { least: 100, most: 6_000, usual: 600 } as const;

/** How tokens are counted here: JavaScript's characters (UTF-16 units) by four. */
const TOKEN_CHARACTERS = 4;

/** What is left of a long step where there is too little room for all, in characters; else a sixteenth of the room. */
const LEAST_ENTRY = 40;

/** Remaining steps that stay as long as the goal can be cut instead. */
const NEXT_STEPS = 10;

/**
 * What is cut, part after part and no more of each than must be. The next action is the last: it keeps half of the room
 * whatever else there is. What stands after it is reached by unusual lengths, or in very little room, alone.
 */
const CUTS: readonly [part: keyof Amounts, least: (room: number) => number][] = [
  ["completed", () => 0],
  ["tests", () => 0],
  ["remaining", () => NEXT_STEPS],
  ["goal", () => 0],
  ["prompt", (room) => Math.floor(room / 2)],
  ["notes", () => 0],
  ["artifacts", () => 0],
  ["drift", () => 0],
  ["repository", () => 0],
  ["reason", () => 0],
  ["remaining", () => 0],
  ["extras", () => 0],
  ["title", () => 0],
  ["prompt", () => 0],
];

/**
 * The resume brief: Markdown with all that an agent needs to go on, in at most `max_tokens`. Same input, same text. What
 * agents wrote stands in fences that name author and time; what does not fit is left out in the order of `CUTS`, and said.
 */
export function buildBrief(input: BriefInput, max_tokens: number = BRIEF_TOKENS.usual): string {
  const room = Math.max(0, Math.floor(max_tokens * TOKEN_CHARACTERS));
  const entry = Math.max(LEAST_ENTRY, Math.floor(room / 16));
  const material = gather(input, room, entry);
  const fits = (amounts: Amounts) => compose(material, amounts).length <= room;
  let amounts = everything(material, room);
  if (fits(amounts)) {
    return compose(material, amounts);
  }
  amounts = { ...amounts, entry };
  for (const [part, least] of CUTS) {
    const so = (amount: number): Amounts => ({ ...amounts, [part]: amount });
    const floor = Math.min(amounts[part], least(room));
    amounts = so(mostThat((amount) => fits(so(amount)), floor, amounts[part]));
    if (fits(amounts)) {
      return compose(material, amounts);
    }
  }
  return shorten(headline(input.task), room);
}

function everything({ texts, lists }: Material, room: number): Amounts {
  const text = (name: keyof Material["texts"]) => Math.min(texts[name].length, room);
  const list = (name: keyof Material["lists"]) => lists[name].items.length;
  return {
    title: text("title"),
    goal: text("goal"),
    repository: text("repository"),
    reason: text("reason"),
    prompt: text("prompt"),
    completed: list("completed"),
    tests: list("tests"),
    remaining: list("remaining"),
    artifacts: list("artifacts"),
    drift: list("drift"),
    extras: 1,
    notes: 1,
    entry: Number.MAX_SAFE_INTEGER,
  };
}

/** The greatest amount between `least` and `most` that is found to fit, by halves; `least` where none does. */
function mostThat(fits: (amount: number) => boolean, least: number, most: number): number {
  let [low, high] = [least, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    [low, high] = fits(middle) ? [middle, high] : [low, middle - 1];
  }
  return low;
}

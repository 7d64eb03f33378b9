/** A text as it is found: tokens in their order, separated and enclosed by single spaces. */
export interface Searchable {
  /** Whole words; of writing without spaces every two neighbouring characters. */
  words: string;
  /** Again, in their finer parts, those that have some: of `saveCheckpoint` save and checkpoint, of 東京 its characters. */
  parts: string;
}

/** One word of a query: runs of tokens, separated by single spaces, of which one must occur. */
export type Term = readonly string[];

/** A text as it is found. */
export function searchable(text: string): Searchable {
  const plain = inOneSpelling(text);
  const composed = isComposed(plain) ? plain.split(/\s+/u).filter(isComposed) : [];
  return { words: ` ${wordsOf(plain)} `, parts: ` ${composed.map(partsOf).join(" ")} ` };
}

/** What a query, which may be any text, asks for: all of these. None where it is spaces and punctuation alone. */
export function termsOf(query: string): readonly Term[] {
  const terms = new Map<string, Term>();
  for (const chunk of inOneSpelling(query).split(/\s+/u)) {
    const words = wordsOf(chunk);
    if (words !== "") {
      // Neighbouring characters in pairs say it all; one by one they would only take longer.
      const byCapitals = isComposed(chunk) && !hasNeighbours(chunk);
      terms.set(words, byCapitals ? [words, partsOf(chunk)] : [words]);
    }
  }
  return [...terms.values()];
}

/** Whether a text holds all that a query asks for. */
export function holds({ words, parts }: Searchable, terms: readonly Term[]): boolean {
  return terms.every((term) => term.some((run) => words.includes(` ${run} `) || parts.includes(` ${run} `)));
}

/** Compatible forms as one, without accents and what is invisible. */
function inOneSpelling(text: string): string {
  if (isAscii(text)) {
    return text;
  }
  const bare = text.normalize("NFKD").replace(/[\u0300-\u036f]|[\ufe00-\ufe0f]|\u20e3|\p{Cf}/gu, "");
  return bare.normalize("NFC");
}

function wordsOf(plain: string): string {
  return tokensOf(plain, (characters) =>
    characters.length === 1 ? characters : characters.slice(1).map((next, index) => `${characters[index]}${next}`),
  );
}

function partsOf(chunk: string): string {
  const apart = chunk.replace(/(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/gu, " ");
  return tokensOf(apart, (characters) => characters);
}

/** Letters and digits in lower case, pictures one by one, and of writing without spaces what `cut` makes of each run. */
function tokensOf(plain: string, cut: (characters: string[]) => string[]): string {
  const separate = isAscii(plain)
    ? plain
    : plain.replace(/\p{So}/gu, " $& ").replace(unspacedRuns(), (run) => ` ${cut([...run]).join(" ")} `);
  const spaced = separate
    .toLowerCase()
    .replaceAll("ς", "σ")
    .replace(/[^\p{L}\p{M}\p{N}\p{So}]+/gu, " ");
  // A token is known by its beginning: what is longer is a hash or a blob, not a word.
  return spaced.replace(/([^ ]{64})[^ ]+/gu, "$1").trim();
}

/** Whether there are words in it that are made of several. */
function isComposed(plain: string): boolean {
  return /[\p{Ll}\p{N}]\p{Lu}|\p{Lu}\p{Lu}\p{Ll}/u.test(plain) || hasNeighbours(plain);
}

/** Whether characters of writing without spaces stand side by side. */
function hasNeighbours(plain: string): boolean {
  return !isAscii(plain) && (plain.match(unspacedRuns()) ?? []).some((run) => [...run].length > 1);
}

/** Writing without spaces between words or, as Korean, within them. A function: compiling it would delay the start. */
function unspacedRuns(): RegExp {
  return /(?:(?=[\p{L}\p{M}\p{N}])[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}])+/gu;
}

function isAscii(text: string): boolean {
  return /^\p{ASCII}*$/u.test(text);
}

import { oneLine } from "./clean.ts";

/** Cleaned text that somebody else than the server wrote, and whose it is. */
export interface Excerpt {
  /** What it is, in the server's words. */
  label: string;
  /** Who wrote it and when: see `writtenBy`. */
  source: string;
  text: string;
  /** Whether it is a list, which may share the fence of what the same author wrote at the same time. */
  list: boolean;
}

/** What a Markdown text is made of: the server's own lines, and the words of others. */
export type Block = string | Excerpt;

/** The longest run that opens a fence by itself. */
const SHORTEST_FENCE = 3;

/** `blocks` as Markdown: excerpts in fences that name their author and time, each longer than any run of tildes inside. */
export function markdown(blocks: readonly Block[]): string {
  const lines: string[] = [];
  for (let at = 0; at < blocks.length; at++) {
    const block = blocks[at];
    if (typeof block === "string") {
      lines.push(block);
    } else if (block !== undefined) {
      const shared = [block];
      for (let next = blocks[at + 1]; joins(next, block); next = blocks[at + 1]) {
        shared.push(next);
        at++;
      }
      lines.push(fenced(shared, block.source));
    }
  }
  return lines.join("\n");
}

function joins(next: Block | undefined, first: Excerpt): next is Excerpt {
  return typeof next === "object" && next.list && next.source === first.source;
}

function fenced(excerpts: readonly Excerpt[], source: string): string {
  const text = excerpts.map((excerpt) => excerpt.text).join("\n");
  let run = SHORTEST_FENCE - 1;
  for (const [tildes] of text.matchAll(/~+/g)) {
    run = Math.max(run, tildes.length);
  }
  const fence = "~".repeat(run + 1);
  return `${fence} ${excerpts.map(({ label }) => label).join(", ")}, ${source}\n${text}\n${fence}`;
}

/** An agent and a time, as a fence names them. */
export function writtenBy({ agent, at }: { agent?: string | undefined; at: string }): string {
  return `by ${agent === undefined ? "an unnamed agent" : agentLabel(agent)}, ${shortTime(at)}`;
}

/** An agent's name among the server's words: agents choose their names, and none may end its quotes. */
export function agentLabel(name: string): string {
  return `"${oneLine(name).replaceAll('"', "'")}"`;
}

/** A time without its milliseconds. */
export function shortTime(at: string): string {
  return oneLine(at).replace(/\.\d+Z$/, "Z");
}

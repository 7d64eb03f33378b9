import type { Page, PageRequest } from "../store/store.ts";

/** How many characters of JSON the entries, or the content, of an answer may have; clients drop or spill an answer over 50,000. */
export const PAGE_CHARACTERS = 48_000;

/** The page asked for, each entry as `show` shows it, or as much of its start as fits into an answer; at least one entry. */
export async function fittingPage<Entry, Shown>(
  read: (page: PageRequest) => Promise<Page<Entry>>,
  { limit, cursor }: PageRequest,
  show: (entry: Entry) => Shown,
): Promise<{ entries: Shown[]; next_cursor?: string | undefined }> {
  const { entries, next_cursor } = await read({ limit, cursor });
  let characters = 0;
  const shown = entries.map(show);
  const fitting = shown.findIndex((entry) => {
    characters += JSON.stringify(entry).length + 1;
    return characters > PAGE_CHARACTERS;
  });
  return fitting < 1 ? { entries: shown, next_cursor } : fittingPage(read, { limit: fitting, cursor }, show);
}

/** How long to look on for a page that is not empty, in milliseconds; a page itself is soon looked through. */
const LOOK_MS = 1000;

/** The first page from here that has an entry, other calls coming in between; an empty one where it is the last, or too far. */
export async function filledPage<Entry>(
  read: (page: PageRequest) => Promise<Page<Entry>>,
  { limit, cursor }: PageRequest,
): Promise<Page<Entry>> {
  const until = performance.now() + LOOK_MS;
  let page = await read({ limit, cursor });
  while (page.entries.length === 0 && page.next_cursor !== undefined && performance.now() < until) {
    await new Promise((resolve) => setImmediate(resolve));
    page = await read({ limit, cursor: page.next_cursor });
  }
  return page;
}

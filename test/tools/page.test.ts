import { expect, test } from "bun:test";
import { filledPage } from "../../src/tools/page.ts";

/** Pages by their cursor, of which so many are empty before the one that is not. */
function pagesAfter(empty: number) {
  const asked: (string | undefined)[] = [];
  return {
    asked,
    async read({ cursor }: { cursor?: string | undefined }) {
      asked.push(cursor);
      const at = Number(cursor ?? 0);
      return at < empty ? { entries: [], next_cursor: `${at + 1}` } : { entries: ["found"] };
    },
  };
}

test("a page that is empty, but not the last, is gone on with until one is not, other calls coming in between", async () => {
  const { asked, read } = pagesAfter(3);
  let others = 0;
  const other = () => {
    others++;
    if (asked.length < 4) {
      setImmediate(other);
    }
  };
  setImmediate(other);
  expect(await filledPage(read, { limit: 20 })).toEqual({ entries: ["found"] });
  expect(asked).toEqual([undefined, "1", "2", "3"]);
  expect(others).toBeGreaterThanOrEqual(3);
});

test("it is answered where nothing comes for too long", async () => {
  const { asked, read } = pagesAfter(Number.POSITIVE_INFINITY);
  const page = await filledPage(read, { limit: 20 });
  expect(page.entries).toEqual([]);
  expect(page.next_cursor).toBe(`${asked.length}`);
});

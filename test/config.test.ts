import { describe, expect, test } from "bun:test";
import { parseCommandLine } from "../src/config.ts";
import { plainFlags } from "../src/plain-flags.ts";

/** The same command line as citty reads it: a lone `--` is not plain, and says nothing. */
const byCitty = (argv: readonly string[]) => parseCommandLine([...argv, "--"]);

describe("the command line", () => {
  test.each([
    { argv: [] },
    { argv: ["--db", "x.db"] },
    { argv: ["--http", "--port", "0", "--host", "::1", "--debug"] },
    { argv: ["--db", "a", "--artifacts", "b c", "--db", "d"] },
    { argv: ["--agent", "an agent", "--lease-seconds", "60", "--offer-seconds", "90"] },
    { argv: ["--secrets", "warn", "--version"] },
    { argv: ["--help"] },
  ])("$argv is plain, and read as citty reads it", async ({ argv }) => {
    expect<unknown>(await parseCommandLine(argv)).toEqual(await byCitty(argv));
    expect(plainFlags([...argv])).toBeDefined();
  });

  test.each([
    { argv: ["--db"] },
    { argv: ["--db", ""] },
    { argv: ["--db", "--http"] },
    { argv: ["--db=x"] },
    { argv: ["-v"] },
    { argv: ["healthcheck"] },
    { argv: ["--json"] },
    { argv: ["--leaseSeconds", "60"] },
    { argv: ["--no-http"] },
    { argv: ["--unknown"] },
    { argv: ["--", "--db", "x"] },
  ])("$argv is left to citty", ({ argv }) => {
    expect(plainFlags(argv)).toBeUndefined();
  });
});

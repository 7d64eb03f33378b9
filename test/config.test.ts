import { describe, expect, test } from "bun:test";
import { parseCommandLine } from "../src/command-line.ts";
import { plainCommandLine } from "../src/plain-flags.ts";

describe("the command line", () => {
  test.each([
    { argv: [] },
    { argv: ["--db", "x.db"] },
    { argv: ["--http", "--port", "0", "--host", "::1", "--debug"] },
    { argv: ["--db", "a", "--artifacts", "b c", "--db", "d"] },
    { argv: ["--agent", "an agent", "--lease-seconds", "60", "--offer-seconds", "90"] },
    { argv: ["--secrets", "warn", "--version"] },
    { argv: ["--help"] },
  ])("$argv is plain, and read as citty reads it", ({ argv }) => {
    expect(plainCommandLine(argv)).toEqual(parseCommandLine(argv));
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
    expect(plainCommandLine(argv)).toBeUndefined();
  });
});

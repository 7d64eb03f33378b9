import { describe, expect, test } from "bun:test";
import { runSuite, startFixture } from "./suite.ts";

const url = await startFixture();

describe("the fixture's table on the product's transports", () => {
  test.each([
    { flags: "--requirements 2025-11-25", scenarios: 33, passed: 84 },
    { flags: "--requirements 2026-07-28", scenarios: 50, passed: 196 },
    { flags: "--suite all", scenarios: 65, passed: 234 },
  ])("passes all $passed checks of $flags", async ({ flags, scenarios, passed }) => {
    const { exitCode, output } = await runSuite(url, flags.split(" "));
    const [, total, failed] = /^Total: (\d+) passed, (\d+) failed$/m.exec(output) ?? [];
    expect({
      exitCode,
      scenarios: output.match(/^✓ .*$/gm)?.length,
      // The exit code leaves out the scenarios that are not scored; the summary does not.
      failing: output.match(/^✗ .*$/gm) ?? [],
      total,
      failed,
    }).toEqual({ exitCode: 0, scenarios, failing: [], total: `${passed}`, failed: "0" });
  });
});

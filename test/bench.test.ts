import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { GOALS } from "../bench/support/goals.ts";
import { temporaryFolder } from "./support/folder.ts";

test("the benchmark measures every row that needs no peers, and leaves no file and no process behind", async () => {
  const folder = temporaryFolder();
  const [out, temporary] = [join(folder, "out"), join(folder, "tmp")];
  mkdirSync(temporary);
  const bench = Bun.spawn(
    [process.execPath, join(import.meta.dir, "..", "bench", "main.ts"), "--smoke", "--out", out],
    {
      env: { ...Bun.env, TMPDIR: temporary, TEMP: temporary },
      stdout: "ignore",
      stderr: "pipe",
    },
  );
  const said = await new Response(bench.stderr).text();
  expect({ exitCode: await bench.exited, said }).toEqual({ exitCode: 0, said: expect.stringContaining("chart.svg") });

  const { rows } = JSON.parse(readFileSync(join(out, "results.json"), "utf8"));
  const expected = Object.keys(GOALS).filter((id) => !id.startsWith("peers."));
  expect(rows.map(({ id }: { id: string }) => id).toSorted()).toEqual(expected.toSorted());
  for (const { id, measured } of rows) {
    // NaN, for what the system does not tell, is null in JSON.
    expect([id, typeof measured]).toEqual([id, measured === null ? "object" : "number"]);
  }
  const chart = readFileSync(join(out, "chart.svg"), "utf8");
  expect(chart).toStartWith("<svg ");
  expect(chart.match(/<rect /g)).toHaveLength(rows.length);
  expect(readdirSync(temporary)).toEqual([]);
  expect(commandLines().filter((line) => line.includes(temporary))).toEqual([]);
}, 120_000);

function commandLines(): string[] {
  if (process.platform !== "linux") {
    return [];
  }
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8");
      } catch {
        return "";
      }
    });
}

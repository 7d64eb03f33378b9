// Runs every test (a minute each: they spawn servers) and ends with one line for machines: `N passed, N failed`, and the skipped where there are any.
const tests = Bun.spawn([process.execPath, "test", "--timeout", "60000", ...Bun.argv.slice(2)], {
  stdin: "ignore",
  stdout: "inherit",
  stderr: "pipe",
  env: { ...Bun.env, FORCE_COLOR: "0" },
});
let text = "";
for await (const part of tests.stderr.pipeThrough(new TextDecoderStream())) {
  process.stderr.write(part);
  text += part;
}
const exitCode = await tests.exited;
const count = (word: string) => Number(new RegExp(`^ *(\\d+) ${word}$`, "m").exec(text)?.[1] ?? 0);
const [passed, failed, skipped] = [count("pass"), count("fail"), count("skip")];
// No summary means that the runner itself broke; that is a failure whatever it counted.
const broken = passed + failed === 0 || (exitCode !== 0 && failed === 0) ? 1 : 0;
await Bun.write(
  Bun.stdout,
  `${passed} passed, ${failed + broken} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`,
);
process.exit(exitCode === 0 && broken === 0 ? 0 : 1);

export {};

// What the scan for secrets costs in processor time, and what it finds. By hand: `bun bench/redact.ts [rounds]`.
// Figures of one machine at one moment.
import { hasSigns } from "../src/redact/find.ts";
import { scanCall } from "../src/redact/redactor.ts";
import { cleanTexts } from "../test/redact/clean-texts.ts";
import { shapes } from "../test/redact/shapes.ts";

const BYTES = 4096;
const TEXTS = 500;
const rounds = Number(Bun.argv[2] ?? "5");

// The first hit loads what finds the rest.
const [first = { text: "" }] = shapes();
const loading = performance.now();
await scanCall("redact", first.text);
console.error(`first secret, with what it loads: ${(performance.now() - loading).toFixed(1)} ms`);

const known = shapes();
const prose = cleanTexts(TEXTS, BYTES).map((text) => text.slice(0, BYTES));
const clean = prose
  .map((text) => (text.match(/\S+\s*/g) ?? []).filter((word) => !hasSigns(word) && !/auth/i.test(word)).join(""))
  .map((text) => text.replaceAll(/bearer|secret|token|pass|pwd|api|key|curl/gi, "word"))
  .map((text) => (text + text).slice(0, BYTES))
  .filter((text) => !hasSigns(text));
const checkpoints = clean.map((text) => ({
  task_id: "t",
  resume_prompt: text.slice(0, 2048),
  steps: lines(text.slice(2048)),
}));
const planted = prose.map(
  (text, index) => `${text.slice(0, BYTES / 2)}\n${known[index % known.length]?.text}\n${text.slice(BYTES / 2)}`,
);
const large = Array.from({ length: 10 * 256 }, (_, index) => prose[index % TEXTS]).join("\n");

for (let round = 0; round < rounds; round++) {
  const figures = [
    `the combined pattern alone ${pattern()} µs`,
    `no sign of a secret ${await microseconds(clean)} µs`,
    `the same as a checkpoint ${await microseconds(checkpoints)} µs`,
    `prose about secrets ${await microseconds(prose)} µs`,
    `with one secret ${await microseconds(planted)} µs`,
  ];
  console.error(`4 KB: ${figures.join(", ")}; 10 MiB of prose ${Math.round(await milliseconds([large]))} ms`);
}
let found = 0;
for (const { text, secret } of known) {
  found += String((await scanCall("redact", text)).args).includes(secret) ? 0 : 1;
}
const { tally } = await scanCall("warn", cleanTexts(2000));
console.error(`${clean.length} of ${TEXTS} texts have no sign at all`);
console.error(
  `found ${found} of ${known.length} shapes; false hits in 2,000 clean texts: ${tally().secrets_found ?? 0}`,
);

function lines(text: string): string[] {
  return text.match(/[\s\S]{1,100}/g) ?? [];
}

/** The combined pattern on texts that have no sign. */
function pattern(): string {
  const before = process.cpuUsage();
  for (const text of clean) {
    hasSigns(text);
  }
  return (process.cpuUsage(before).user / clean.length).toFixed(0);
}

async function milliseconds(values: readonly unknown[]): Promise<number> {
  const before = process.cpuUsage();
  for (const value of values) {
    await scanCall("redact", value);
  }
  return process.cpuUsage(before).user / 1000;
}

async function microseconds(values: readonly unknown[]): Promise<string> {
  return (((await milliseconds(values)) / values.length) * 1000).toFixed(0);
}

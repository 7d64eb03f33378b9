import { GOALS, type Goal, type Measured, meets } from "./goals.ts";

/** Under which circumstances something was measured. */
export interface Context {
  version: string;
  bun: string;
  mode: string;
  machine: { processor: string; cores: number; platform: string };
  at: string;
}

/** A figure with its unit. */
export function figure(value: number, unit: Goal["unit"]): string {
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return Number.isFinite(value) ? `${value.toFixed(digits)}${unit === "" || unit === "×" ? unit : ` ${unit}`}` : "–";
}

/** A goal as it is written in the table. */
export const goalText = ({ at, value, unit }: Goal) => `${at === "most" ? "≤" : "≥"} ${figure(value, unit)}`;

/** The rows of what was measured, for people. */
export function tableOf(measured: readonly Measured[]): string {
  return measured
    .map(({ id, value, spread, note }) => {
      const goal: Goal = GOALS[id];
      const seen = spread === undefined ? "" : `(${spread.map((end) => figure(end, goal.unit)).join("–")})`;
      return [
        meets(goal, value) ? "✓" : "✗",
        `${goal.what} / ${goal.against}`.padEnd(82),
        goalText(goal).padStart(9),
        figure(value, goal.unit).padStart(9),
        seen.padEnd(16),
        note ?? "",
      ].join(" ");
    })
    .join("\n");
}

/** A page of the documentation with its table of figures replaced by these. */
export function withTable(
  page: string,
  { at, mode, version, machine }: Context,
  measured: readonly Measured[],
): string {
  const rows = measured.map(({ id, value, spread, note }) => {
    const goal: Goal = GOALS[id];
    const seen = spread === undefined ? "" : ` (${spread.map((end) => figure(end, goal.unit)).join("–")})`;
    const sign = meets(goal, value) ? "" : " ✗";
    return `| ${goal.what} | ${goal.against} | ${goalText(goal)} | ${figure(value, goal.unit)}${seen}${sign} | ${note ?? ""} |`;
  });
  const where = `${machine.processor.trim()}, ${machine.cores} cores, ${machine.platform}`;
  const table = `Of ${at.slice(0, 10)}, ${version}, a ${mode} run on ${where}; in brackets the middle half of the rounds.

| what | against | goal | measured | |
| --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
  return page.replace(
    /(<!-- bench:start -->\n)[\s\S]*(<!-- bench:end -->)/,
    (_, start, end) => `${start}${table}${end}`,
  );
}

/** The same for machines. */
export function resultsOf(context: Context, measured: readonly Measured[]): string {
  const rows = measured.map(({ id, value, spread, note }) => ({
    id,
    ...GOALS[id],
    goal: GOALS[id].value,
    measured: rounded(value),
    ...(spread && { spread: spread.map(rounded) }),
    ...(note && { note }),
  }));
  return `${JSON.stringify({ ...context, rows: rows.map(({ value: _, ...row }) => row) }, undefined, 2)}\n`;
}

const rounded = (value: number) => Number(value.toPrecision(4));

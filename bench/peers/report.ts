import type { Context } from "../support/report.ts";
import type { Comparison } from "./compare.ts";

const ms = (value: number) => value.toFixed(value < 10 ? 2 : 0);
const mb = (bytes: number) => (bytes / 1e6).toFixed(0);
const times = (theirs: number, ours: number) => {
  const ratio = theirs / ours;
  return `**${ratio.toFixed(ratio < 10 ? 1 : 0)}×**`;
};

/** docs/peers.md: what was measured, in Markdown. */
export function pageOf(
  { version, bun, mode, machine, at }: Context,
  comparisons: readonly Comparison[],
  ours: Comparison["survival"],
): string {
  return `# Beside other servers

Made by \`bun run bench peers\` (${mode} run, ${at.slice(0, 10)}, mcp-task-server ${version}, Bun ${bun}, ${machine.processor.trim()}, ${machine.cores} cores).
Each peer is installed from npm at the version shown, started on a store of its own and called over stdio in turns with
us, by the same client. Operations are the nearest each has, not identical: our update is a \`save_checkpoint\`. A cell
shows our median, theirs, and how many times ours theirs is. Absolute figures are those of one machine at one moment.

Our writes are synced to the disk before they are answered, here as always.

## Start

Spawn → \`initialize\` answered, and the most memory until then.

| peer | store | ours, ms | theirs, ms | | ours, MB | theirs, MB |
| --- | --- | --- | --- | --- | --- | --- |
${comparisons
  .map(
    ({ peer, start, startMemory }) =>
      `| ${peer.name} (\`${peer.package}\` ${peer.version}) | ${peer.store} | ${ms(start.ours)} | ${ms(start.theirs)} | ${times(start.theirs, start.ours)} | ${mb(startMemory.ours)} | ${mb(startMemory.theirs)} |`,
  )
  .join("\n")}

## Operations

| peer | tasks | create, ms | update, ms | get, ms | list, ms | memory, MB |
| --- | --- | --- | --- | --- | --- | --- |
${comparisons.flatMap(rowsOf).join("\n")}

A row is missing where filling the peer's store took too long, a cell where it has no such call.

## Acknowledged writes

4 processes create 25 tasks each in one new store at the same time; a new process then lists what is there.

| server | acknowledged | found of these |
| --- | --- | --- |
| mcp-task-server | ${ours.acknowledged} | ${ours.found} |
${comparisons.map(({ peer, survival }) => `| ${peer.name} | ${survival.acknowledged} | ${survival.found} |`).join("\n")}
`;
}

function rowsOf({ peer, sizes }: Comparison): string[] {
  return sizes.map(({ tasks, operations, memory }) => {
    const cells = ["create", "update", "get", "list"].map((operation) => {
      const taken = operations[operation];
      return taken === undefined ? "–" : `${ms(taken.ours)} / ${ms(taken.theirs)} ${times(taken.theirs, taken.ours)}`;
    });
    return `| ${peer.name} | ${tasks.toLocaleString("en")} | ${cells.join(" | ")} | ${mb(memory.ours)} / ${mb(memory.theirs)} |`;
  });
}

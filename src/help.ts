import { COMMANDS, SETTINGS } from "./settings.ts";

/** The text of --help. */
export function helpText(): string {
  const rows = SETTINGS.map(({ flag, alias, env, value, fallback, meaning, commands }): [string, string] => [
    flag === undefined
      ? `    ${env}`
      : `${alias === undefined ? "    " : `-${alias}, `}--${flag}${value === undefined ? "" : ` <${value}>`}`,
    [
      commands === undefined ? "" : `(${commands.join(", ")}) `,
      meaning,
      env === undefined || flag === undefined ? "" : ` [${env}]`,
      fallback === undefined ? "" : ` (default: ${fallback})`,
    ].join(""),
  ]);
  const commands = Object.entries(COMMANDS).map(([name, { operands, meaning }]): [string, string] => [
    `    ${[name, operands].filter(Boolean).join(" ")}`,
    meaning,
  ]);
  const table = (lines: [string, string][]) => lines.map(([left, right]) => `  ${left.padEnd(26)}${right}`).join("\n");
  return `Tasks, checkpoints and handoffs between coding agents, over MCP.

Usage: mcp-task-server [flags]            serve one client on stdio
       mcp-task-server --http [flags]     serve many over HTTP
       mcp-task-server <command> [flags]

Commands:
${table(commands)}

Flags [and variables]:
${table(rows)}

Relative paths are relative to MCP_TASK_BASE_DIR, files of commands to the current folder.
Exit codes: 0 done, 1 failure, 2 usage, 78 configuration or database.
`;
}

import type { CommandLine } from "./config.ts";
import { plainFlags } from "./settings.ts" with { type: "macro" };

/** Made when the executable is built, by a macro: the table with all that is told of each setting is not loaded for it. */
const TAKES_VALUE: Readonly<Record<string, boolean>> = plainFlags();

/**
 * Takes apart a command line of nothing but known flags and their values, as clients have it in their configurations.
 * Answers nothing for any other, which is left to citty: loading that takes longer than opening the database.
 */
export function plainCommandLine(argv: readonly string[]): CommandLine | undefined {
  const flags: Record<string, string | true> = {};
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? "";
    const takesValue = word.startsWith("--") ? TAKES_VALUE[word] : undefined;
    if (takesValue === undefined) {
      return undefined;
    }
    const value = takesValue ? argv[++at] : true;
    if (value === undefined || value === "" || (value !== true && value.startsWith("-"))) {
      return undefined;
    }
    flags[word.slice(2)] = value;
  }
  return { command: undefined, operands: [], flags };
}

import type { CommandLine } from "./config.ts";
import { SETTINGS } from "./settings.ts";

/**
 * Takes apart a command line of nothing but known flags and their values, as clients have it in their configurations.
 * Answers nothing for any other, which is left to citty: loading that takes longer than opening the database.
 */
export function plainCommandLine(argv: readonly string[]): CommandLine | undefined {
  const flags: Record<string, string | true> = {};
  const words = argv.values();
  for (const word of words) {
    const setting = SETTINGS.find(({ flag }) => flag !== undefined && `--${flag}` === word);
    if (setting?.flag === undefined || setting.commands !== undefined || setting.repeatable === true) {
      return undefined;
    }
    const value = setting.value === undefined ? true : words.next().value;
    if (value === undefined || value === "" || (value !== true && value.startsWith("-"))) {
      return undefined;
    }
    flags[setting.flag] = value;
  }
  return { command: undefined, operands: [], flags };
}

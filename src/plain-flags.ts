import { SETTINGS } from "./settings.ts";

/**
 * The flags of a command line that is made of nothing but known flags and their values, as the configuration of a client
 * is; undefined for any other, which is left to citty: loading it takes longer than opening the database.
 */
export function plainFlags(argv: readonly string[]): Record<string, string | true> | undefined {
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
  return flags;
}

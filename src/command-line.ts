import { parseArgs } from "citty";
import { type CommandLine, type Flags, usage } from "./config.ts";
import { quote } from "./domain/clean.ts";
import { COMMANDS, SETTINGS } from "./settings.ts";

/** Takes a command line apart. Throws `StartRefusal` for what it does not know. */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const known = SETTINGS.flatMap((setting) => (setting.flag === undefined ? [] : [{ ...setting, flag: setting.flag }]));
  const definitions = Object.fromEntries(
    known.map(({ flag, alias, value }) => [
      flag,
      { type: value === undefined ? ("boolean" as const) : ("string" as const), ...(alias && { alias }) },
    ]),
  );
  const { _: positionals, ...given } = parseArgs([...argv], definitions);
  const [command, ...operands] = positionals;
  const accepted = known.filter(({ commands }) => commands === undefined || commands.includes(command ?? ""));
  const flags: Record<string, Flags[string]> = {};
  for (const [name, value] of Object.entries(given)) {
    // citty tells a flag of two words by its camelCase name, too.
    const setting = accepted.find(({ flag, alias }) => [flag, alias, camelCase(flag)].includes(name));
    if (setting === undefined) {
      const dashes = name.length === 1 ? "-" : "--";
      throw usage(`unknown flag ${dashes}${name}; accepted are ${accepted.map(({ flag }) => `--${flag}`).join(", ")}`);
    }
    const values = setting.value === undefined ? [] : valuesOf(argv, setting.flag);
    if (setting.value !== undefined && (typeof value !== "string" || values.some((text) => /^(?:--|$)/.test(text)))) {
      throw usage(`--${name} needs a value: ${setting.value}`);
    }
    flags[setting.flag] = setting.repeatable === true ? values : value;
  }
  refuseOddities(argv, command, operands);
  return { command, operands, flags };
}

/** Every value of a flag; the library keeps the last alone. */
function valuesOf(argv: readonly string[], flag: string): string[] {
  const end = argv.indexOf("--");
  const words = end < 0 ? argv : argv.slice(0, end);
  return words.flatMap((word, index) => {
    if (word.startsWith(`--${flag}=`)) {
      return [word.slice(flag.length + 3)];
    }
    return word === `--${flag}` ? [words[index + 1] ?? ""] : [];
  });
}

function refuseOddities(argv: readonly string[], command: string | undefined, operands: readonly string[]): void {
  if (command !== undefined) {
    const known = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
    if (known === undefined) {
      throw usage(`unknown command ${quote(command)}; accepted are ${Object.keys(COMMANDS).join(", ")}`);
    }
    const { operands: form, least = 0, most = least } = known;
    if (operands.length < least || operands.length > most) {
      throw usage(`${command} takes ${form ?? "nothing after its name"}`);
    }
  }
  const odd = argv.find((argument) => /^--(?:http|debug|json|force|version|help)=|^--no-/.test(argument));
  if (odd !== undefined) {
    throw usage(odd.startsWith("--no-") ? `unknown flag ${odd}` : `${odd.split("=")[0]} takes no value`);
  }
}

function camelCase(flag: string): string {
  return flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

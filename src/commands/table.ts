import type { CommandLine, Config } from "../config.ts";
import type { Outcome } from "./outcome.ts";

type Run = (line: CommandLine, config: Config) => Promise<Outcome>;

/** What runs each command of `settings.ts`; the code of one is loaded when it is asked for. */
export const RUN: Readonly<Record<string, () => Promise<Run>>> = {
  backup: async () => (await import("./backup.ts")).backup,
  restore: async () => (await import("./restore.ts")).restore,
  verify: async () => (await import("./verify.ts")).verify,
  forget: async () => (await import("./forget.ts")).forget,
  prune: async () => (await import("./prune.ts")).prune,
  export: async () => (await import("./export.ts")).exportBundle,
  token: async () => (await import("./token.ts")).manageTokens,
  import: async () => (await import("./import.ts")).importBundle,
};

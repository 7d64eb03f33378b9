#!/usr/bin/env bun
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseCommandLine } from "./src/command-line.ts";
import { healthcheck } from "./src/commands/healthcheck.ts";
import { EXIT, resolveConfig } from "./src/config.ts";

// The same checks as `mcp-task-server healthcheck`, from a checkout: of the built executable, or else of the source.
const built = join(import.meta.dir, "dist", "mcp-task-server");
const command = existsSync(built)
  ? ([built] as const)
  : ([process.execPath, join(import.meta.dir, "src", "main.ts")] as const);
const { flags } = parseCommandLine(["healthcheck", ...Bun.argv.slice(2)]);
const config = resolveConfig(flags, Bun.env, () => undefined);
const { report, healthy } = await healthcheck(config, command, flags["json"] === true);
await Bun.write(Bun.stdout, report);
process.exit(healthy ? EXIT.ok : EXIT.failure);

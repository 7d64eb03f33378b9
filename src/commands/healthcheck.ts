import type { Config } from "../config.ts";
import { checkHealth } from "../health.ts";

/** Checks the health of what `config` describes: one line a check, or JSON. */
export async function healthcheck(config: Config, command: readonly [string, ...string[]], json: boolean) {
  const checks = await checkHealth(config, command);
  const healthy = checks.every(({ ok }) => ok);
  const lines = checks.map(({ name, ok, detail }) => `${ok ? "ok  " : "FAIL"}  ${name.padEnd(10)}  ${detail}\n`);
  return { healthy, report: json ? `${JSON.stringify({ healthy, checks }, null, 2)}\n` : lines.join("") };
}

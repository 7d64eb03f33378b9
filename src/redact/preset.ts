import { lintSource } from "@secretlint/core";
import { secretLintProfiler } from "@secretlint/profiler";
import { rules } from "@secretlint/secretlint-rule-preset-recommend";
import type { Finding } from "./finding.ts";

// On by default: it keeps an entry of every rule it ever ran, for ever.
secretLintProfiler.setEnabled(false);

const RULE = "@secretlint/secretlint-rule-";

/**
 * Rules that are not asked: what agents write cannot switch the scan off (filter-comments), `aws` names the wrong
 * range, and ours in the place of the others leave more of the text.
 */
const LEFT_OUT = ["filter-comments", "aws", "basicauth", "database-connection-string", "npm"].map(
  (name) => RULE + name,
);

// Given one by one: of a preset's rules, secretlint does not heed `disabled`.
const config = {
  rules: rules.filter(({ meta }) => !LEFT_OUT.includes(meta.id)).map((rule) => ({ id: rule.meta.id, rule })),
};

/** What secretlint's recommended preset finds. */
export async function findByPreset(text: string): Promise<Finding[]> {
  // secretlint drops a byte order mark, and counts without it.
  const shift = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  const { messages } = await lintSource({
    source: { content: text, filePath: "text", contentType: "text" },
    options: { config, noPhysicFilePath: true },
  });
  return messages.map(({ ruleId, range: [start, end] }) => ({
    name: ruleId.replace(RULE, ""),
    start: start + shift,
    end: end + shift,
  }));
}

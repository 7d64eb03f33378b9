import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const SRC = join(import.meta.dir, "..", "src");
const SDK = "@modelcontextprotocol/sdk";

/**
 * Who may import whom, type-only and package imports included: a file's folder (or the file itself, which then stands
 * alone) → what it may import, as folders of src, files of src, or packages. `types:` permits types only.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  auth: ["auth", "domain", "store/tokens.ts", "node:*"],
  domain: ["domain", "zod"],
  store: ["domain", "memory.ts", "store", "node:*"],
  "store/files.ts": ["bun:ffi"],
  "store/sqlite": ["domain", "paths.ts", "store", "store/sqlite", "bun:sqlite", "node:*"],
  watch: ["store/store.ts", "watch", "node:*"],
  repo: ["domain", "repo", "home.ts", "node:*"],
  redact: [
    "memory.ts",
    "redact",
    "types:config.ts",
    "turns.ts",
    "@secretlint/core",
    "@secretlint/profiler",
    "@secretlint/secretlint-rule-preset-recommend",
  ],
  tools: ["domain", "memory.ts", "store/store.ts", "store/artifacts.ts", "tools", "zod"],
  protocol: [
    "domain",
    "tools",
    "protocol",
    "types:redact",
    "log.ts",
    "memory.ts",
    "turns.ts",
    "package.json",
    `types:${SDK}`,
  ],
  "protocol/published-tools.ts": ["tools", "zod"],
  "protocol/load-sessions.ts": ["protocol", "zod"],
  "protocol/sessions.ts": ["types:domain", "protocol", "log.ts", "zod", SDK],
  transport: ["protocol", "transport", "log.ts", "memory.ts", "types:auth", "types:domain", `types:${SDK}`],
  "transport/streamable.ts": ["protocol", "transport", SDK],
  "boot-session.ts": ["bun:ffi"],
  "clock.ts": ["boot-session.ts", "domain", "node:*"],
  "command-line.ts": ["config.ts", "domain", "settings.ts", "citty"],
  "config.ts": ["domain", "home.ts", "paths.ts"],
  "descriptors.ts": ["bun:ffi", "config.ts", "types:log.ts", "node:*"],
  "plain-flags.ts": ["types:config.ts", "settings.ts"],
  "ending.ts": ["config.ts", "log.ts"],
  "health.ts": ["clock.ts", "config.ts", "protocol", "store", "store/sqlite", SDK, "node:*"],
  "help.ts": ["settings.ts"],
  "home.ts": [],
  "http-service.ts": [
    "auth",
    "config.ts",
    "descriptors.ts",
    "notify.ts",
    "types:log.ts",
    "types:protocol",
    "store",
    "transport",
  ],
  "id.ts": [],
  "late.ts": ["domain", "home.ts", "repo", "store", "node:*"],
  "log.ts": [],
  "memory.ts": [],
  "notify.ts": ["bun:ffi"],
  "open-host.ts": ["config.ts", "transport"],
  "paths.ts": [],
  "services.ts": [
    "clock.ts",
    "types:config.ts",
    "types:ending.ts",
    "id.ts",
    "late.ts",
    "types:log.ts",
    "protocol",
    "redact",
    "store",
    "store/sqlite",
    "tools",
    "watch",
  ],
  "settings.ts": ["config.ts", "domain"],
  "turns.ts": [],
  commands: [
    "auth",
    "clock.ts",
    "commands",
    "config.ts",
    "domain",
    "health.ts",
    "id.ts",
    "store",
    "store/sqlite",
    "transport/stdio.ts",
    "node:*",
  ],
  "main.ts": ["*"],
};

/** What may be said in one place only. */
const ONLY_IN: readonly [what: RegExp, files: readonly RegExp[]][] = [
  [/\bBun\.serve\b/, [/^transport\/http\.ts$/]],
  [/\bBun\.(stdout|stdin)\b|\bprocess\.(stdout|stdin)\b|\bconsole\.log\b/, [/^transport\/stdio\.ts$/]],
  [/\bprocess\.env\b|\bBun\.env\b/, [/^main\.ts$/]],
  [/\bDate\.now\b|\bnew Date\(\)/, [/^clock\.ts$/, /^id\.ts$/, /^log\.ts$/, /^store\/artifact-age\.ts$/]],
  [/\bMath\.random\b|\bcrypto\./, [/^auth\/token\.ts$/, /^id\.ts$/, /^store\//, /^transport\//]],
  [/\bBun\.spawn|child_process/, [/^repo\/git\.ts$/]],
  [/\bdb\.(query|run)[^;]*`[^`]*\$\{(?!APPLICATION_ID|index \+ 1|columns)/, []],
];

interface Import {
  file: string;
  target: string;
  typeOnly: boolean;
}

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
  .map((name) => name.replaceAll("\\", "/"));
const text = new Map(files.map((file) => [file, readFileSync(join(SRC, file), "utf8")]));
const imports = files.flatMap((file) => importsOf(file, text.get(file) ?? ""));

describe("architecture", () => {
  test("the whole of src was read", () => {
    expect(files.length).toBeGreaterThan(45);
    expect(imports.length).toBeGreaterThan(150);
  });

  test("every file imports only what its room may", () => {
    const broken = imports.filter((one) => !isAllowed(one)).map(({ file, target }) => `${file} → ${target}`);
    expect(broken).toEqual([]);
  });

  test("a forbidden import would be found", () => {
    const forbidden: Import[] = [
      { file: "domain/task.ts", target: "store/store.ts", typeOnly: true },
      { file: "tools/get-task.ts", target: "bun:sqlite", typeOnly: false },
      { file: "tools/get-task.ts", target: "store/sqlite/store.ts", typeOnly: true },
      { file: "protocol/handlers.ts", target: `${SDK}/types.js`, typeOnly: false },
      { file: "transport/stdio.ts", target: "tools/table.ts", typeOnly: false },
      { file: "domain/task.ts", target: "node:fs", typeOnly: false },
    ];
    expect(forbidden.filter(isAllowed)).toEqual([]);
  });

  test.each(ONLY_IN.map(([what, where]) => ({ what, where })))("$what stands only where it may", ({ what, where }) => {
    const found = files.filter((file) => what.test(withoutComments(text.get(file) ?? "")));
    expect(found.filter((file) => !where.some((place) => place.test(file)))).toEqual([]);
    expect(where.length === 0 || found.length > 0).toBe(true);
  });

  test("files stay rooms: none over 250 lines", () => {
    const long = files.filter((file) => (text.get(file) ?? "").split("\n").length > 251);
    expect(long).toEqual([]);
  });
});

function importsOf(file: string, source: string): Import[] {
  const pattern = /^(?:import|export)(\s+type)?\s[^;]*?from\s+"([^"]+)"|\b(?:import|require)\("([^"]+)"\)/gm;
  return [...source.matchAll(pattern)].map(([statement, type, from, lazily]) => {
    const specifier = from ?? lazily ?? "";
    const resolved = specifier.startsWith(".") ? relative(SRC, join(SRC, dirname(file), specifier)) : specifier;
    const target = resolved.endsWith("package.json") ? "package.json" : resolved.replaceAll("\\", "/");
    const named = /\{([^}]*)\}/
      .exec(statement)?.[1]
      ?.split(",")
      .map((name) => name.trim())
      .filter(Boolean);
    return {
      file,
      target,
      typeOnly: type !== undefined || (named?.every((name) => name.startsWith("type ")) ?? false),
    };
  });
}

function isAllowed({ file, target, typeOnly }: Import): boolean {
  const folder = dirname(file);
  const rules = MAY_IMPORT[file] ?? MAY_IMPORT[folder] ?? [];
  return rules.some((rule) => {
    if (rule === "*") {
      return true;
    }
    if (rule === "node:*") {
      return target.startsWith("node:");
    }
    const wanted = rule.replace(/^types:/, "");
    const matches = target === wanted || dirname(target) === wanted || (target.startsWith(`${SDK}/`) && wanted === SDK);
    return matches && (!rule.startsWith("types:") || typeOnly);
  });
}

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SETTINGS } from "../src/settings.ts";

const root = join(import.meta.dir, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const snippets = [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].map(([, language, text]) => ({
  language,
  text: text ?? "",
}));
const inLanguage = (...languages: string[]) => snippets.filter(({ language }) => languages.includes(language ?? ""));

describe("README", () => {
  test("has configurations to paste that parse, start our command and name the agent", () => {
    const json = inLanguage("json").map(({ text }) => JSON.parse(text));
    const toml = inLanguage("toml").map(({ text }) => Bun.TOML.parse(text));
    const yaml = inLanguage("yaml").map(({ text }) => Bun.YAML.parse(text));
    const servers = [...json, ...toml, ...yaml].map((config) => {
      const [inner] = Object.values(Object(config));
      const [server] = Object.values(Object(inner));
      return { ...Object(server) };
    });
    expect(servers.length).toBeGreaterThanOrEqual(10);
    for (const server of servers.filter(({ url }) => url === undefined)) {
      expect([server["command"]].flat()).toEqual(["/usr/local/bin/mcp-task-server"]);
      expect(Object(server["env"] ?? server["environment"]).MCP_TASK_AGENT).toMatch(/^[a-z-]+$/);
    }
    for (const client of [
      "Claude Code",
      "Claude Desktop",
      "Cursor",
      "VS Code",
      "Codex",
      "Gemini CLI",
      "opencode",
      "Zed",
      "Windsurf",
      "Hermes",
    ]) {
      expect(readme).toMatch(new RegExp(`(?:\\*\\*|<b>)${client}`));
    }
  });

  test("names only scripts, settings and files that there are", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    for (const [, script] of readme.matchAll(/\bbun(?:@[\d.]+)? run ([a-z]+)/g)) {
      expect(Object.keys(scripts)).toContain(script ?? "");
    }
    const known = SETTINGS.map(({ env }) => env);
    for (const [variable] of readme.matchAll(/\bMCP_[A-Z_]+\b/g)) {
      expect(known).toContain(variable);
    }
    const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
      (name) => !name.startsWith("node_modules"),
    );
    for (const [, file] of readme.matchAll(/\]\((?!http|#)([^)]+)\)|`(systemd\/[^`]+)`/g)) {
      expect(file === undefined || files.includes(file)).toBe(true);
    }
  });

  test("its test line is what CI runs", () => {
    const line = /^npx -y bun@\S+ run ci/m.exec(readme)?.[0] ?? "none";
    for (const file of [".ci/run", ".github/workflows/ci.yml", ".github/workflows/release.yml"]) {
      expect(readFileSync(join(root, file), "utf8")).toContain(line);
    }
  });
});

import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { place } from "../support/tokens.ts";

describe("token create, list, revoke", () => {
  test("create prints the token alone, once; of it only the SHA-256 is kept, in a file of the owner's", () => {
    const { folder, token } = place();
    const { stdout, stderr, exitCode } = token("create", "codex");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(/^mts_[0-9a-z]{8}_[\w-]{43}\n$/);
    const [, id = "", secret = ""] = /^mts_(.{8})_(.*)\n$/.exec(stdout) ?? [];
    const files = readdirSync(folder);
    expect(files).toContain("tasks.db");
    for (const file of files) {
      expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
      expect(readFileSync(join(folder, file)).includes(secret)).toBe(false);
    }
    expect(token("list").stdout).toMatch(new RegExp(`^${id}  worker  \\S+  valid  codex\n$`));
  });

  test("two tokens differ; an agent's are revoked together, one by its id", () => {
    const { token, create } = place();
    const tokens = [create("codex"), create("Codex", "--role", "reader"), create("claude", "--role", "admin")];
    expect(new Set(tokens).size).toBe(3);
    const [, id = ""] = /^mts_(.{8})_/.exec(tokens[2] ?? "") ?? [];
    expect(token("revoke", " codex ").stdout.match(/revoked/g)).toHaveLength(2);
    expect(token("revoke", id).exitCode).toBe(0);
    expect(token("list").stdout.match(/revoked/g)).toHaveLength(3);
    expect(token("revoke", id)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("no valid token") });
  });

  test.each<[string[], RegExp]>([
    [["create"], /needs the agent's name/],
    [["create", "a", "--role", "king"], /reader, worker, admin are accepted/],
    [["make", "a"], /create <agent>, list and revoke/],
    [["revoke"], /needs an agent's name or a token's id/],
    [["list", "a"], /takes nothing after it/],
    [[], /token takes create <agent> \| list \| revoke/],
  ])("%p is refused", (operands, words) => {
    expect(place().token(...operands)).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(words) });
  });
});

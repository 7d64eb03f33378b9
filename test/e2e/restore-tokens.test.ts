import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../support/command.ts";
import { makeOlderDatabase } from "../support/older-database.ts";
import { startHttp } from "../support/server.ts";
import { bearer, INITIALIZE, place, post } from "../support/tokens.ts";

/** A place whose backup can be restored, over what is there by then. */
function backedUpPlace() {
  const at = place();
  const file = join(at.folder, "backup");
  const db = join(at.folder, "tasks.db");
  return {
    ...at,
    db,
    file,
    backUp: () => runCommand(["backup", file, ...at.flags]),
    restore: () => runCommand(["restore", file, "--force", ...at.flags]),
    /** Agents with the state of their token, in the order of `token list`. */
    listed: () =>
      at
        .token("list")
        .stdout.trim()
        .split("\n")
        .map((line) => line.replace(/^\S+ +\S+ +\S+ +(valid|revoked \S+) +/, "$1 ")),
    verified: () => runCommand(["verify", ...at.flags]),
  };
}

/** What a server answers to who shows a token, or none. */
async function statuses(flags: string[], tokens: readonly (string | undefined)[]): Promise<number[]> {
  const { url, process } = await startHttp(flags);
  const asked = tokens.map((token) => post(`${url}/mcp`, INITIALIZE, token === undefined ? {} : bearer(token)));
  const answers = await Promise.all(asked);
  process.kill();
  await process.exited;
  return answers.map(({ status }) => status);
}

describe("a restore over a database with tokens", () => {
  test("keeps the tokens made since, and what was revoked since, revoked; the rest is as the backup has it", async () => {
    const at = backedUpPlace();
    const [stays, goes, gone] = [at.create("stays"), at.create("goes"), at.create("gone")];
    at.token("revoke", "gone");
    await at.backUp();
    at.token("revoke", "goes");
    const later = at.create("later", "--role", "reader");
    at.create("briefly");
    at.token("revoke", "briefly");
    const before = at.token("list").stdout;
    expect(await at.restore()).toMatchObject({
      exitCode: 0,
      stderr: "kept of what was there: 2 tokens made since the backup and 1 revocation since\n",
    });
    expect(at.token("list").stdout).toBe(before);
    expect(await at.verified()).toMatchObject({ exitCode: 0 });
    expect(await statuses(at.flags, [stays, later, goes, gone, undefined])).toEqual([200, 200, 401, 401, 401]);
  });

  test("of before there were any still asks for them", async () => {
    const at = backedUpPlace();
    at.token("list");
    await at.backUp();
    at.create("a");
    at.token("revoke", "a");
    expect(await statuses(at.flags, [undefined])).toEqual([401]);
    expect(await at.restore()).toMatchObject({ exitCode: 0, stderr: expect.stringContaining("1 token made since") });
    expect(await statuses(at.flags, [undefined])).toEqual([401]);
  });

  test("says which tokens are valid because the backup says so: where what was there did not know them, or is not there", async () => {
    const at = backedUpPlace();
    at.create("a");
    at.create("b");
    at.create("c");
    at.token("revoke", "c");
    await at.backUp();
    const token_id = /^\S+/.exec(at.token("list").stdout)?.[0] ?? "";
    const db = new Database(at.db);
    db.run("DELETE FROM tokens WHERE token_id = ?", [token_id]);
    db.close();
    const { stderr } = await at.restore();
    expect(stderr).toStartWith("1 token that what was there did not have is valid, as of the backup; ");
    expect(stderr).toContain("`mcp-task-server token list` shows them");
    expect(at.listed()).toEqual(["valid a", "valid b", expect.stringMatching(/^revoked \S+ c$/)]);
    rmSync(at.db);
    expect((await at.restore()).stderr).toStartWith("2 tokens that what was there did not have are valid");
  });

  test("that cannot be read says that its tokens are as of the backup", async () => {
    const at = backedUpPlace();
    at.create("a");
    at.create("b");
    await at.backUp();
    at.token("revoke", "a");
    at.token("revoke", "b");
    const db = new Database(at.db);
    db.run("UPDATE tokens SET role = 'admin' WHERE agent = 'a'");
    db.close();
    const { exitCode, stderr } = await at.restore();
    expect(exitCode).toBe(0);
    const [told = "", kept] = stderr.split("\n");
    expect(told).toStartWith("not all tokens of what was there could be read; the others are as of the backup: ");
    expect(told).toContain("token revoke");
    expect(kept).toBe("kept of what was there: 1 revocation since");
    expect(at.listed()).toEqual(["valid a", expect.stringMatching(/^revoked \S+ b$/)]);
    writeFileSync(at.db, Buffer.alloc(8192, 7));
    expect(await at.restore()).toMatchObject({ exitCode: 0, stderr: `${told}\n` });
    expect(at.listed()).toEqual(["valid a", "valid b"]);
    expect(await at.verified()).toMatchObject({ exitCode: 0 });
  });

  test("has room for them whatever the schemas of the backup and of what was there", async () => {
    const at = backedUpPlace();
    makeOlderDatabase(at.file, 4, (db) => {
      db.run("CREATE TABLE backup_artifacts (sha256 TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT");
      db.run("PRAGMA journal_mode = DELETE");
    });
    makeOlderDatabase(at.db, 5, (db) => {
      const insert = db.query(
        `INSERT INTO tokens (token_id, agent, agent_key, role, digest, created_at, revoked_at)
         VALUES (?, ?, ?, 'worker', x'00', '2026-01-01T00:00:00.000Z', ?)`,
      );
      insert.run("00000001", "a", "a", null);
      insert.run("00000002", "b", "b", "2026-01-02T00:00:00.000Z");
    });
    expect(await at.restore()).toMatchObject({ exitCode: 0, stderr: expect.stringContaining("2 tokens made since") });
    expect(at.listed()).toEqual(["valid a", "revoked 2026-01-02T00:00:00.000Z b"]);
    expect(await at.verified()).toMatchObject({ exitCode: 0 });
  });
});

import { describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../support/command.ts";
import { ask, filesUnder, fill, freshPlace, type Place, serverAt } from "../support/sample-store.ts";

const exported = async ({ flags }: Place) => (await runCommand(["export", "-", ...flags])).stdout;
const importText = (text: string, { flags }: Place) => runCommand(["import", "-", ...flags], new Blob([text]));

/** A bundle whose last line is right for the lines before it. */
function closed(lines: readonly string[]): string {
  const body = lines.map((line) => `${line}\n`).join("");
  const sha256 = new Bun.CryptoHasher("sha256").update(body).digest("hex");
  return `${body}${JSON.stringify({ end: { lines: lines.length, sha256 } })}\n`;
}

describe("export and import", () => {
  test("the round trip is the identity, through files and through pipes, and holds no token", async () => {
    const place = freshPlace();
    await fill(place, 24);
    const server = await serverAt(place);
    await ask(server, "create_task", { task_id: "owned", title: "T", goal: "G" });
    const { lease_token } = await ask(server, "claim_task", { task_id: "owned", agent: "owner" });
    const file = join(place.folder, "bundle.jsonl");
    expect(await runCommand(["export", file, ...place.flags])).toMatchObject({ exitCode: 0, stderr: "" });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const text = await Bun.file(file).text();
    expect(text.split("\n")[0]).toBe('{"format":"mcp-task-server bundle","version":1}');
    expect(lease_token).toMatch(/^\w{12}$/);
    expect(text).not.toContain(lease_token);
    expect(text).not.toMatch(/boot_id|uptime/);
    await server.end();

    const [one, other] = [freshPlace(), freshPlace()];
    expect(await runCommand(["import", file, ...one.flags])).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await exported(one)).toBe(text);
    expect(await importText(text, other)).toMatchObject({ exitCode: 0 });
    expect(await exported(other)).toBe(text);
    expect(await runCommand(["verify", ...other.flags])).toMatchObject({ exitCode: 0 });
    for (const [path] of filesUnder(other.folder)) {
      expect(statSync(path).mode & 0o777).toBe(0o600);
    }
  });

  test("owners stay and their leases have run out; work goes on where it was", async () => {
    const [place, copy] = [freshPlace(), freshPlace()];
    const server = await serverAt(place);
    await ask(server, "create_task", { task_id: "t", title: "T", goal: "G" });
    await ask(server, "claim_task", { task_id: "t", agent: "owner", lease_seconds: 600 });
    await ask(server, "save_checkpoint", { task_id: "t", agent: "owner", completed_steps: ["one"] });
    await server.end();
    await importText(await exported(place), copy);
    const reader = await serverAt(copy);
    expect(await ask(reader, "get_task", { task_id: "t" })).toMatchObject({
      current_owner: "owner",
      lease_seconds_left: 0,
      completed_steps: ["one"],
    });
    await ask(reader, "claim_task", { task_id: "t", agent: "next" });
    expect(await ask(reader, "get_task", { task_id: "t" })).toMatchObject({ current_owner: "next" });
    await reader.end();
  });

  test("into a store with tasks it is accepted if every id is free, under a running server, and else changes nothing", async () => {
    const [place, target] = [freshPlace(), freshPlace()];
    await fill(place, 6);
    const text = await exported(place);
    const server = await serverAt(target);
    await ask(server, "create_task", { task_id: "mine", title: "T", goal: "G" });
    expect(await importText(text, target)).toMatchObject({ exitCode: 0 });
    expect(await ask(server, "get_task", { task_id: "task-3" })).toMatchObject({ task_id: "task-3" });
    expect(await ask(server, "get_task", { task_id: "mine" })).toMatchObject({ task_id: "mine" });
    const before = await exported(target);
    const again = await importText(text, target);
    expect(again).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('task "task-0"') });
    expect(await exported(target)).toBe(before);
    await server.end();
  });

  test("what is not whole, not valid or newer is refused by its line, and nothing of it is kept", async () => {
    const [place, target] = [freshPlace(), freshPlace()];
    await fill(place, 7);
    const lines = (await exported(place)).trimEnd().split("\n");
    const body = lines.slice(0, -1);
    const edited = (find: string, replace: string) => closed(body.map((line) => line.replace(find, replace)));
    const without = (kind: string) =>
      closed(
        body.toSpliced(
          body.findIndex((line) => line.startsWith(`{"${kind}"`)),
          1,
        ),
      );
    const cases: [string, string, RegExp][] = [
      ["a newer format", edited('"version":1}', '"version":2}'), /line 1: it was written by a newer/],
      ["another file", "{}\n", /line 1: the file is no bundle/],
      ["a lost end", `${body.join("\n")}\n`, /cut short/],
      ["half a line", lines.join("\n").slice(0, -20), /cut short|JSON/],
      ["a changed line", `${lines.join("\n").replace("Title 2", "Title X")}\n`, /lines were changed/],
      ["a status that is none", edited('"status":"open"', '"status":"sleeping"'), /task\.status/],
      ["an unknown field", edited('"priority":2', '"priority":2,"extra":1'), /task.*extra/],
      ["a title beyond its limit", edited("Title 2", "T".repeat(300)), /task\.title.*at most 200/],
      ["U+0000", edited("Title 2", "\\u0000"), /cannot be stored/],
      ["half a character", edited("Title 2", "\\ud800"), /cannot be stored/],
      ["bytes of another hash", edited('"base64":"', '"base64":"AAAA'), /another hash/],
      ["a lost event", without("event"), /number 1 of this task was expected|not complete/],
      ["a lost checkpoint", without("checkpoint"), /number 1 of this task was expected|not complete/],
      ["a lost content", without("content"), /the content [0-9a-f]{64} is missing/],
      ["a lost task", without("task"), /has not come before/],
      ["the same task twice", closed([...body, body[1] ?? ""]), /come before/],
      ["no JSON", closed([...body, "{"]), /not JSON/],
    ];
    for (const [name, text, reason] of cases) {
      const { exitCode, stderr } = await importText(text, target);
      expect(stderr, name).toMatch(reason);
      expect(exitCode, name).toBe(1);
    }
    expect(await exported(target)).toBe(closed(['{"format":"mcp-task-server bundle","version":1}']));
    expect(filesUnder(target.folder).size).toBe(1);
  });

  test("an artifact whose bytes are damaged is not exported as if they were not", async () => {
    const place = freshPlace();
    await fill(place, 6);
    const [artifact = ""] = filesUnder(place.artifacts).keys();
    await Bun.write(artifact, "other");
    const { exitCode, stdout, stderr } = await runCommand(["export", "-", ...place.flags]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toContain(artifact.slice(-64));
  });
});

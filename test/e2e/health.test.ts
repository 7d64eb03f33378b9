import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryFolder } from "../support/folder.ts";
import { EXECUTABLE, freshStore, startHttp } from "../support/server.ts";

describe("health check", () => {
  const run = async (args: string[]) => {
    const check = Bun.spawn([EXECUTABLE, "healthcheck", ...args], { stdout: "pipe", env: { HOME: temporaryFolder() } });
    const [text, exitCode] = await Promise.all([new Response(check.stdout).text(), check.exited]);
    return { exitCode, text };
  };

  test("says ok line by line, and as JSON", async () => {
    const store = [...freshStore(), "--port", "1"];
    const { exitCode, text } = await run(store);
    expect(
      text
        .trimEnd()
        .split("\n")
        .map((line) => line.split(/\s+/).slice(0, 2).join(" ")),
    ).toEqual(["ok executable", "ok database", "ok artifacts", "ok stdio", "ok http"]);
    expect(exitCode).toBe(0);
    const json = await run([...store, "--json"]);
    expect(JSON.parse(json.text)).toMatchObject({
      healthy: true,
      checks: [{ name: "executable", ok: true }, {}, {}, {}, {}],
    });
  });

  test("fails, and says where, when the database or the port is another program's", async () => {
    const folder = temporaryFolder();
    await Bun.write(join(folder, "tasks.db"), "not a database, but long enough to be looked at as one ".repeat(9));
    const other = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("hello") });
    const { exitCode, text } = await run([
      "--db",
      join(folder, "tasks.db"),
      "--artifacts",
      folder,
      "--port",
      `${other.port}`,
    ]);
    await other.stop(true);
    expect(exitCode).toBe(1);
    expect(text).toMatch(/^FAIL {2}database .*MCP_TASK_DB_PATH/m);
    expect(text).toMatch(/^FAIL {2}stdio/m);
    expect(text).toMatch(/^FAIL {2}http .*another program/m);
  });

  test("looks at a server that runs on the port, by a real exchange", async () => {
    const store = freshStore();
    const { url } = await startHttp(store);
    const { exitCode, text } = await run([...store, "--port", new URL(url).port]);
    expect(text).toMatch(/^ok {4}http .*answers with \d+ tools$/m);
    expect(exitCode).toBe(0);
  });

  test("runs from a checkout as healthcheck.ts too", async () => {
    const script = join(import.meta.dir, "..", "..", "healthcheck.ts");
    const check = Bun.spawn([process.execPath, script, ...freshStore(), "--port", "1"], { stdout: "pipe" });
    expect(await new Response(check.stdout).text()).toMatch(/^ok {4}stdio/m);
    expect(await check.exited).toBe(0);
  });
});

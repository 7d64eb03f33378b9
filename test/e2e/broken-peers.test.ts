import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/folder.ts";
import { EXECUTABLE, freshStore, startHttp, startStdio } from "../support/server.ts";

const MIB = 1024 * 1024;
const proc = existsSync("/proc/self/status");

/** What a process holds in memory, in MiB. */
function residentMib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
}

/** Seconds of processor time a process has used. */
function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resolves when `condition` holds; the test's own timeout is the bound. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await Bun.sleep(10);
  }
}

describe("broken and slow peers on stdio", () => {
  test.skipIf(!proc)(
    "a line of 64 MiB is refused with an answer, in bounded memory, and the next line counts (needs /proc)",
    async () => {
      const server = startStdio(freshStore());
      await server.initialize();
      const piece = "x".repeat(MIB);
      for (let sent = 0; sent < 64; sent++) {
        server.process.stdin.write(piece);
        await server.process.stdin.flush();
      }
      server.write('\n{"jsonrpc":"2.0","id":"next","method":"ping"}\n');
      expect(await server.next(({ error }) => Object(error).code === -32600)).toMatchObject({ id: null });
      await server.next(({ id }) => id === "next");
      expect(residentMib(server.process.pid)).toBeLessThan(300);
      expect(await server.end()).toBe(0);
    },
  );

  test.skipIf(!proc)(
    "a reader that stalls holds the server up, in bounded memory and without spinning, and misses nothing (needs /proc)",
    async () => {
      const requests = 60_000;
      const server = Bun.spawn([EXECUTABLE, ...freshStore()], { stdin: "pipe", stdout: "pipe", stderr: "ignore" });
      const list = (id: number) => `${JSON.stringify({ jsonrpc: "2.0", id, method: "tools/list" })}\n`;
      const writing = (async () => {
        for (let id = 0; id < requests; id += 100) {
          server.stdin.write(Array.from({ length: 100 }, (_, n) => list(id + n)).join(""));
          await server.stdin.flush();
        }
        server.stdin.end();
      })();
      // Answers are some 11 KB each: the server must stop reading long before it has answered all of them.
      await until(() => residentMib(server.pid) > 60);
      let before = processorSeconds(server.pid);
      await until(() => {
        const used = processorSeconds(server.pid) - before;
        before += used;
        return used < 0.02;
      });
      expect(residentMib(server.pid)).toBeLessThan(400);
      let lines = 0;
      for await (const part of server.stdout) {
        lines += part.reduce((count, byte) => count + (byte === 10 ? 1 : 0), 0);
      }
      await writing;
      expect(lines).toBe(requests);
      expect(await server.exited).toBe(0);
    },
    120_000,
  );

  test.skipIf(!proc)("a parent that dies takes the server with it (needs /proc)", async () => {
    const script = join(temporaryFolder(), "parent.ts");
    const command = JSON.stringify([EXECUTABLE, ...freshStore()]);
    await Bun.write(
      script,
      `const server = Bun.spawn(${command}, { stdin: "pipe", stdout: "pipe", stderr: "ignore" });
       server.stdin.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\\n');
       await server.stdin.flush();
       await server.stdout.getReader().read();
       console.log(server.pid);
       await new Promise(() => {});`,
    );
    const parent = Bun.spawn([process.execPath, script], { stdout: "pipe" });
    const { value } = await parent.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
    const pid = Number(value);
    expect(residentMib(pid)).toBeGreaterThan(0);
    parent.kill("SIGKILL");
    await until(() => !existsSync(`/proc/${pid}`) || /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8")));
  });
});

describe("broken peers over HTTP", () => {
  test.skipIf(!proc)("200 clients that vanish from their streams leave nothing behind (needs /proc)", async () => {
    const { url, process } = await startHttp(freshStore());
    const descriptors = () =>
      [...new Bun.Glob("*").scanSync({ cwd: `/proc/${process.pid}/fd`, onlyFiles: false })].length;
    await fetch(`${url}/health`);
    const before = descriptors();
    const aborts = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const abort = new AbortController();
        const stream = await fetch(`${url}/sse`, { signal: abort.signal });
        await stream.body?.getReader().read();
        return abort;
      }),
    );
    expect(descriptors()).toBeGreaterThan(before + 150);
    for (const abort of aborts) {
      abort.abort();
    }
    await until(() => descriptors() <= before + 10);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });
});

import { dlopen, FFIType, ptr } from "bun:ffi";
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT } from "../../src/config.ts";
import { SETTINGS } from "../../src/settings.ts";
import { temporaryFolder } from "../support/folder.ts";
import { EXECUTABLE, freshStore, startHttp } from "../support/server.ts";

const FOLDER = join(import.meta.dir, "..", "..", "systemd");
const SYSTEM = { name: "the system unit", path: join(FOLDER, "mcp-task-server.service"), flags: [] };
const USER = { name: "the user unit", path: join(FOLDER, "user", "mcp-task-server.service"), flags: ["--user"] };

// Longer than the wait for a datagram, so that its failure is the one to be read.
setDefaultTimeout(30_000);

const analyzer = Bun.which("systemd-analyze") ?? undefined;

describe("systemd units", () => {
  for (const unit of [SYSTEM, USER]) {
    describe.skipIf(analyzer === undefined)(`${unit.name} (needs systemd-analyze)`, () => {
      test("is verified without a word", () => {
        expect(verify(copyOf(unit.path), unit.flags)).toEqual({ exitCode: 0, stderr: "" });
      });

      test("with a misspelt key is not, so that the test above can fail", () => {
        const copy = copyOf(unit.path, (text) => text.replace("\nUMask=", "\nUMaks="));
        expect(verify(copy, unit.flags).stderr).toContain("UMaks");
      });
    });
  }

  test.skipIf(analyzer === undefined)("the system unit's exposure is 1.2 of 10 at most (needs systemd-analyze)", () => {
    const hardened = exposure(copyOf(SYSTEM.path));
    expect(hardened.exitCode).toBe(0);
    expect(hardened.figure).toBeGreaterThan(0);
    expect(hardened.figure).toBeLessThanOrEqual(1.2);
    const bare = exposure(copyOf(SYSTEM.path, (text) => text.replaceAll(/^(?:Protect|Private|Restrict).*$/gm, "")));
    expect(bare.exitCode).not.toBe(0);
    expect(bare.figure).toBeGreaterThan(1.2);
  });

  test("speak of settings and exit codes that the server has, and of one port", () => {
    const known = SETTINGS.map(({ env }) => env);
    for (const text of [SYSTEM.path, USER.path].map((path) => readFileSync(path, "utf8"))) {
      for (const name of text.match(/MCP_\w+/g) ?? []) {
        expect(known).toContain(name);
      }
      expect(text).toContain(`\nRestartPreventExitStatus=${EXIT.usage}\n`);
    }
    const system = readFileSync(SYSTEM.path, "utf8");
    const port = /^Environment=MCP_TASK_PORT=(\d+)$/m.exec(system)?.[1];
    expect(port).toBe(SETTINGS.find(({ flag }) => flag === "port")?.fallback ?? "none");
    expect(system).toContain(`\nSocketBindAllow=tcp:${port}\n`);
  });
});

describe.skipIf(libc() === undefined)("the notify protocol (needs Linux's C library)", () => {
  const watchdogMs = 200;
  const kinds = {
    "a path": () => join(temporaryFolder(), "notify"),
    "an abstract name": () => `@mcp-task-server-${crypto.randomUUID()}`,
  };
  for (const [kind, address] of Object.entries(kinds)) {
    test(`systemd at ${kind} is told of the start, of every turn of the watchdog, and of the end`, async () => {
      const NOTIFY_SOCKET = address();
      const manager = listenAt(NOTIFY_SOCKET);
      const env = { NOTIFY_SOCKET, WATCHDOG_USEC: String(watchdogMs * 1000) };
      const server = await startHttp(freshStore(), env);
      expect(await manager.next()).toBe(`READY=1\nSTATUS=${server.url}`);
      expect((await fetch(`${server.url}/health`)).status).toBe(200);

      const gaps: number[] = [];
      for (let last = Number.NEGATIVE_INFINITY; gaps.length < 4; ) {
        expect(await manager.next()).toBe("WATCHDOG=1");
        gaps.push(performance.now() - last);
        last = performance.now();
      }
      // A busy machine can delay one, not hasten all.
      expect(Math.min(...gaps)).toBeLessThan(watchdogMs * 0.75);

      server.process.kill("SIGTERM");
      expect(await manager.next("WATCHDOG=1")).toBe("STOPPING=1");
      expect(await server.process.exited).toBe(0);
    });
  }

  test("without a watchdog none is fed, and a manager that is gone stops nothing", async () => {
    const NOTIFY_SOCKET = kinds["a path"]();
    const manager = listenAt(NOTIFY_SOCKET);
    const watched = await startHttp(freshStore(), { NOTIFY_SOCKET });
    expect(await manager.next()).toStartWith("READY=1\n");
    watched.process.kill("SIGTERM");
    expect(await manager.next()).toBe("STOPPING=1");
    expect(await watched.process.exited).toBe(0);

    const orphan = await startHttp(freshStore(), { NOTIFY_SOCKET: `${NOTIFY_SOCKET}-gone`, WATCHDOG_USEC: "20000" });
    expect((await fetch(`${orphan.url}/health`)).status).toBe(200);
    orphan.process.kill("SIGTERM");
    expect(await orphan.process.exited).toBe(0);
  });
});

/** A unit in a folder of its own that starts the executable under test: verify refuses one that does not exist. */
function copyOf(path: string, edit: (text: string) => string = (text) => text): string {
  const copy = join(temporaryFolder(), "mcp-task-server.service");
  const text = edit(readFileSync(path, "utf8"));
  const ours = text.replace(/^ExecStart=\S+\/mcp-task-server /m, () => `ExecStart="${EXECUTABLE}" `);
  expect(ours).toContain(EXECUTABLE);
  writeFileSync(copy, ours);
  return copy;
}

/** Runs systemd-analyze as on a machine where nobody is logged in. */
function analyze(...args: readonly string[]) {
  const env = { XDG_RUNTIME_DIR: temporaryFolder(), LC_ALL: "C" };
  const { exitCode, stdout, stderr } = Bun.spawnSync([analyzer ?? "systemd-analyze", ...args], { env });
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

/** Of a misspelt key, verify only says so: not a word is what counts. */
function verify(unit: string, flags: readonly string[]) {
  const { exitCode, stderr } = analyze(...flags, "verify", "--man=no", "--recursive-errors=no", unit);
  return { exitCode, stderr };
}

/** How exposed a unit is, 0 to 10; the threshold is in tenths. */
function exposure(unit: string) {
  const { exitCode, stdout } = analyze("security", "--offline=true", "--threshold=12", "--no-pager", unit);
  return { exitCode, figure: Number(/exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1]) };
}

/** The calls for a datagram socket, which neither Bun nor Node have. Nothing where it is not Linux. */
function libc() {
  if (process.platform !== "linux") {
    return undefined;
  }
  const { i32, u32, u64, i64, ptr } = FFIType;
  return dlopen("libc.so.6", {
    socket: { args: [i32, i32, i32], returns: i32 },
    bind: { args: [i32, ptr, u32], returns: i32 },
    recv: { args: [i32, ptr, u64, i32], returns: i64 },
    close: { args: [i32], returns: i32 },
  }).symbols;
}

/** Stands in for systemd: a datagram socket at a path, or with a leading @ at an abstract name. */
function listenAt(address: string) {
  const c = libc();
  const [AF_UNIX, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_CLOEXEC] = [1, 2, 0o4000, 0o2000000];
  const name = Buffer.from(`\u0001\0${address.startsWith("@") ? `\0${address.slice(1)}` : `${address}\0`}`);
  const socket = c?.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) ?? -1;
  if (c?.bind(socket, ptr(name), name.length) !== 0) {
    throw new Error(`Cannot listen at "${address}"`);
  }
  afterAll(() => c.close(socket));
  const buffer = Buffer.alloc(4096);
  return {
    /** The next datagram that is not `ignored`. */
    async next(ignored?: string): Promise<string> {
      for (const deadline = performance.now() + 10_000; performance.now() < deadline; ) {
        const length = Number(c.recv(socket, ptr(buffer), buffer.length, 0));
        const text = buffer.toString("utf8", 0, Math.max(length, 0));
        if (length < 0) {
          await Bun.sleep(2);
        } else if (text !== ignored) {
          return text;
        }
      }
      throw new Error(`Nothing was sent to "${address}" within 10 s`);
    },
  };
}

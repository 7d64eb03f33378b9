import { describe, expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { connect, EXECUTABLE, freshStore, startHttp, transports } from "../support/server.ts";

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === "::1"),
);

/** Addresses to listen on, and what a client calls the server then. */
const HOSTS = [
  { host: "localhost", named: "localhost", missing: false },
  { host: "127.0.0.2", named: "127.0.0.2", missing: process.platform !== "linux" },
  { host: "::1", named: "[::1]", missing: !hasIpv6 },
];

for (const { host, named, missing } of HOSTS) {
  test.skipIf(missing)(`--host ${host} serves on ${named}, and takes it for Host and Origin`, async () => {
    const { url } = await startHttp([...freshStore(), "--host", host]);
    const port = new URL(url).port;
    expect(url).toBe(`http://${named}:${port}`);
    const { status } = await fetch(`${url}/health`, { headers: { origin: url } });
    expect(status).toBe(200);
    for (const name of ["evil.com", `evil.com:${port}`, `127.0.0.3:${port}`]) {
      expect((await fetch(`${url}/health`, { headers: { host: name } })).status).toBe(403);
    }
    expect((await fetch(`${url}/health`, { headers: { origin: `http://127.0.0.3:${port}` } })).status).toBe(403);
    for (const transport of [transports.http(url), transports.sse(url)]) {
      expect((await (await connect(transport)).listTools()).tools.length).toBeGreaterThan(0);
    }
  });
}

test("another address of loopback than the one asked for is not listened on", async () => {
  const { url } = await startHttp(freshStore());
  const refused = fetch(url.replace("127.0.0.1", "127.0.0.2")).then(
    () => "answered",
    () => "refused",
  );
  expect(await refused).toBe("refused");
});

/** Starts a server that is expected to end by itself. */
async function startFailing(...flags: string[]): Promise<{ exitCode: number; stderr: string }> {
  const process = Bun.spawn([EXECUTABLE, "--http", ...freshStore(), ...flags], { stdout: "pipe", stderr: "pipe" });
  const [exitCode, stdout, stderr] = await Promise.all([
    process.exited,
    new Response(process.stdout).text(),
    new Response(process.stderr).text(),
  ]);
  expect(stdout).toBe("");
  return { exitCode, stderr };
}

describe("a server that cannot listen", () => {
  test.each(["127.0.0.1", "localhost"])(
    "because the port of %s is taken ends with 1 and names the port",
    async (host) => {
      const { url } = await startHttp(freshStore());
      const { port } = new URL(url);
      const { exitCode, stderr } = await startFailing("--port", port, "--host", host);
      expect(exitCode).toBe(1);
      expect(stderr).toContain(port);
      expect((await fetch(`${url}/health`)).status).toBe(200);
    },
  );

  test("because the port is taken says so in one line, without a stack: it is no bug", async () => {
    const { url } = await startHttp(freshStore());
    const { stderr } = await startFailing("--port", new URL(url).port);
    expect(stderr.trim().split("\n").length).toBe(1);
    expect(stderr).not.toContain("$bunfs");
  });

  test.each(["0.0.0.0", "::", "192.0.2.1", "example.com", "127.1", "127.0.0.1.evil.com"])(
    "because others could reach %s ends with 78 and says what is accepted",
    async (host) => {
      const { exitCode, stderr } = await startFailing("--port", "0", "--host", host);
      expect(exitCode).toBe(78);
      expect(stderr).toContain("127.0.0.0/8, ::1 and localhost are accepted");
    },
  );
});

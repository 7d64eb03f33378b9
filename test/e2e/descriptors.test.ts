import { expect, test } from "bun:test";
import { eventually, openFiles, processorSeconds, report, statelessBytes, timedPing } from "../support/load.ts";
import { connectRaw, head, openEventClient, request } from "../support/raw-http.ts";
import { EXECUTABLE, freshStore, startHttp } from "../support/server.ts";

const notLinux = process.platform !== "linux";
const limited = (limit: number) => ["sh", "-c", `ulimit -n ${limit}; exec "$0" "$@"`];

test.skipIf(notLinux)(
  "1,000 clients on 128 descriptors: no spinning, who is there is served, artifacts too, and others again 2 s after (Linux only)",
  async () => {
    const { url, process: server } = await startHttp(freshStore(), undefined, limited(128));
    const before = openFiles(server.pid);
    const reader = await openEventClient(url);
    const keptAlive = connectRaw(url);
    const ask = async (bytes = head("GET /health HTTP/1.1", "Host: localhost")) => {
      const had = (await keptAlive.until(() => true)).length;
      keptAlive.socket.write(bytes);
      return (await keptAlive.until((received) => received.slice(had).endsWith("}"))).slice(had);
    };
    const tool = (name: string, args: object) => ask(statelessBytes("tools/call", { name, arguments: args }));
    await tool("create_task", { task_id: "t", title: "Title", goal: "Goal" });
    const crowd = Array.from({ length: 1000 }, () => connectRaw(url));
    await eventually("all descriptors are taken", 10, () => openFiles(server.pid) >= 90);
    // Two looks of the server later it has noticed.
    await Bun.sleep(600);
    const [used, begun] = [processorSeconds(server.pid), performance.now()];
    while (performance.now() - begun < 2000) {
      await ask();
      await Bun.sleep(100);
    }
    expect(await tool("attach_artifact", { task_id: "t", name: "log", content: "text" })).toContain('"sha256"');
    const share = (processorSeconds(server.pid) - used) / 2;
    report(`processor ${(share * 100).toFixed(0)} % while out of descriptors`);
    expect(share).toBeLessThan(0.2);
    keptAlive.socket.destroy();
    for (const { socket } of crowd) {
      socket.destroy();
    }
    const released = performance.now();
    await timedPing(url);
    report(`back ${(performance.now() - released).toFixed(0)} ms after release`);
    expect(performance.now() - released).toBeLessThan(2000);
    expect(await reader.request(request(9, "ping"))).toMatchObject({ id: 9 });
    reader.close();
    await eventually("descriptors are given back", 10, () => openFiles(server.pid) <= before + 8);
  },
);

test.skipIf(notLinux)(
  "with fewer descriptors than it takes a server ends with 78 and says so (Linux only)",
  async () => {
    const server = Bun.spawn([...limited(48), EXECUTABLE, "--http", "--port", "0", ...freshStore()], {
      stderr: "pipe",
    });
    expect(await server.exited).toBe(78);
    expect(await new Response(server.stderr).text()).toMatch(
      /^Cannot serve HTTP: .*; a limit of 128 is accepted .*\n$/,
    );
  },
);

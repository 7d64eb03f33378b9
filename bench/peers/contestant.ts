import { callOf } from "../support/messages.ts";
import type { StdioOptions, StdioServer } from "../support/stdio.ts";
import type { Workshop } from "../support/workshop.ts";
import type { Call, Peer } from "./peers.ts";

/** What is measured of a server: ours, or a peer's. */
export type Calls = Omit<Peer, "package" | "version">;

/** A server that can be started on a store of its own. */
export interface Contestant {
  peer: Calls;
  command: readonly string[];
  options: StdioOptions;
  /** Puts a running server to work. */
  attach(server: StdioServer): Worker;
}

type Operation = "create" | "update" | "get" | "list";

/** A running server being measured. */
export interface Worker {
  server: StdioServer;
  /** How many tasks it holds. */
  count(): number;
  create(): Promise<void>;
  /** The milliseconds of one call. */
  time(operation: Operation): Promise<number>;
}

/** Prepares a new store for a server. */
export async function open(workshop: Workshop, peer: Calls, modules: string): Promise<Contestant> {
  const folder = workshop.folder();
  const options = { cwd: folder, env: { ...Bun.env, ...peer.env?.(folder) } };
  if (peer.prepare !== undefined) {
    await Bun.spawn([...peer.prepare(modules)], { ...options, stdin: "ignore", stdout: "ignore", stderr: "ignore" })
      .exited;
  }
  return { peer, command: peer.command(modules, folder), options, attach: (server) => createWorker(peer, server) };
}

/** The text that a call is answered with. Throws where it is refused. */
export async function textOf(server: StdioServer, [tool, args]: Call): Promise<string> {
  const answer = await server.request(callOf("session", tool, args));
  const { content, isError } = Object(answer["result"]);
  if (answer["error"] !== undefined || isError === true || !Array.isArray(content)) {
    throw new Error(`${tool} was refused: ${JSON.stringify(answer).slice(0, 300)}`);
  }
  return content.map((part) => Object(part).text ?? "").join("\n");
}

function createWorker(peer: Calls, server: StdioServer): Worker {
  let [created, updated] = [0, 0];
  let id = "";
  const create = async () => {
    const n = `n${++created}`;
    const found = peer.idIn(await textOf(server, peer.create(n)), n);
    if (created === 1) {
      id = found ?? "";
    }
  };
  const act: Readonly<Record<Operation, () => Promise<unknown>>> = {
    create,
    update: () => textOf(server, peer.update(id, `step ${updated}`, updated++)),
    get: async () => peer.get !== undefined && textOf(server, peer.get(id)),
    list: () => textOf(server, peer.list()),
  };
  return {
    server,
    count: () => created,
    create,
    async time(operation) {
      const started = performance.now();
      await act[operation]();
      return performance.now() - started;
    },
  };
}

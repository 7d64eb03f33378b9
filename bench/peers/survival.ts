import { startStdio } from "../support/stdio.ts";
import type { Workshop } from "../support/workshop.ts";
import { type Calls, open, textOf } from "./contestant.ts";

const PROCESSES = 4;
const CREATES = 25;

/** What 4 processes create at the same time in one new store: how much was acknowledged, and what a new process finds of it. */
export async function survivors(workshop: Workshop, peer: Calls, modules: string) {
  const { command, options } = await open(workshop, peer, modules);
  const servers = Array.from({ length: PROCESSES }, () => startStdio(command, options));
  await Promise.all(servers.map((server) => server.initialize()));
  const acknowledged = await Promise.all(
    servers.map(async (server, process) => {
      const names: string[] = [];
      for (let n = 0; n < CREATES; n++) {
        // Of the same length, so that none is part of another.
        const name = `p${process}-${`${n}`.padStart(2, "0")}`;
        await textOf(server, peer.create(name)).then(
          () => names.push(name),
          () => undefined,
        );
      }
      return names;
    }),
  );
  await Promise.all(servers.map((server) => server.end()));
  const reader = startStdio(command, options);
  await reader.initialize();
  const listed = await textOf(reader, peer.everything?.() ?? peer.list()).catch(() => "");
  await reader.end();
  const names = acknowledged.flat();
  return { acknowledged: names.length, found: names.filter((name) => listed.includes(name)).length };
}

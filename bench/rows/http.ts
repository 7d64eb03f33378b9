import { connect, rateOf, requestBytes, startHttp } from "../support/http.ts";
import { callOf, initializeOf, type Message, requestOf } from "../support/messages.ts";
import { interleave, quantile, ratios, summary } from "../support/statistics.ts";
import { saveOf, storeWith } from "../support/store.ts";
import type { Group, Workshop } from "../support/workshop.ts";

const CONNECTIONS = 64;

/** Rates over HTTP, against a server that only echoes, and one that only writes. */
export const http: Group = async (workshop) => {
  const tasks = Array.from({ length: CONNECTIONS }, (_, n) => `t${n}`);
  const { flags } = await storeWith(workshop, tasks);
  const raw = await storeWith(workshop, ["t"]);
  const ours = await startHttp([workshop.executable, "--http", "--port", "0", ...flags]);
  const web = await startHttp([workshop.programs.web, raw.database]);
  try {
    return [...(await reads(workshop, ours.url, web.url)), await writes(workshop, ours.url, web.url, tasks)];
  } finally {
    await Promise.all([ours.end(), web.end()]);
  }
};

async function reads(workshop: Workshop, url: string, web: string) {
  const discover = stateless(url, requestOf("stateless", "server/discover"));
  const get = stateless(url, callOf("stateless", "get_task", { task_id: "t0" }));
  const session = await sessionBytes(url, callOf("session", "get_task", { task_id: "t0" }));
  const echo = requestBytes(`${web}/echo`, { ...callOf("session", "get_task", { task_id: "t0" }), id: 1 });
  const rate = (to: string, connections: number, bytes: Buffer) => () =>
    rateOf(to, connections, () => bytes, workshop.plan.rateMs);
  const taken = await interleave(
    workshop.plan.rounds,
    {
      echo1: rate(web, 1, echo),
      discover1: rate(url, 1, discover),
      get1: rate(url, 1, get),
      session1: rate(url, 1, session),
      echo16: rate(web, 16, echo),
      discover16: rate(url, 16, discover),
      get16: rate(url, 16, get),
    },
    (done, of) => workshop.tell(`HTTP, reads: ${done} of ${of}`),
  );
  const row = (rates: readonly number[], against: readonly number[]) => ({
    ...summary(ratios(rates, against)),
    note: `${quantile(rates, 0.5).toFixed(0)} against ${quantile(against, 0.5).toFixed(0)} a second`,
  });
  return [
    { id: "http.discover.1" as const, ...row(taken.discover1, taken.echo1) },
    { id: "http.discover.16" as const, ...row(taken.discover16, taken.echo16) },
    { id: "http.get.1" as const, ...row(taken.get1, taken.echo1) },
    { id: "http.get.16" as const, ...row(taken.get16, taken.echo16) },
    { id: "http.get.session" as const, ...row(taken.session1, taken.echo1) },
  ];
}

async function writes({ plan, tell }: Workshop, url: string, web: string, tasks: readonly string[]) {
  let n = 0;
  const task = () => tasks[++n % tasks.length] ?? "";
  const taken = await interleave(
    plan.rounds,
    {
      single: () => rateOf(web, CONNECTIONS, () => requestBytes(`${web}/save`, { id: ++n }), plan.rateMs),
      ours: () => rateOf(url, CONNECTIONS, () => stateless(url, saveOf(task(), n)), plan.rateMs),
    },
    (done, of) => tell(`HTTP, durable writes: ${done} of ${of}`),
  );
  const note = `${quantile(taken.ours, 0.5).toFixed(0)} against ${quantile(taken.single, 0.5).toFixed(0)} a second`;
  return { id: "http.save" as const, ...summary(ratios(taken.ours, taken.single)), note };
}

/** A 2026-07-28 request with the headers it needs. */
export function stateless(url: string, message: Message): Buffer {
  const { method, params } = message;
  const name = Object(params).name;
  return requestBytes(
    `${url}/mcp`,
    { ...message, id: 1 },
    {
      "MCP-Protocol-Version": "2026-07-28",
      "Mcp-Method": String(method),
      ...(typeof name === "string" ? { "Mcp-Name": name } : {}),
    },
  );
}

/** A request within a session that is opened for it. */
export async function sessionBytes(url: string, message: Message): Promise<Buffer> {
  const { hostname, port } = new URL(url);
  const connection = await connect(hostname, Number(port));
  const opened = await connection.exchange(requestBytes(`${url}/mcp`, { ...initializeOf(), id: 0 }));
  const session = {
    "Mcp-Session-Id": /^mcp-session-id: *(\S+)/im.exec(opened)?.[1] ?? "",
    "MCP-Protocol-Version": "2025-11-25",
  };
  await connection.exchange(
    requestBytes(`${url}/mcp`, { jsonrpc: "2.0", method: "notifications/initialized" }, session),
  );
  connection.end();
  return requestBytes(`${url}/mcp`, { ...message, id: 1 }, session);
}

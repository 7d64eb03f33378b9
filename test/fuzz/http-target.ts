import { openSession, postJson, type Session } from "../support/raw-http.ts";
import { type Expectation, expectationOf, faultOf, isNotice, jsonIn } from "./judge.ts";
import { bytesOf, type Sample } from "./messages.ts";
import { type Fired, fire } from "./process.ts";
import type { Target } from "./targets.ts";

/** `/mcp`, within a session or, without a revision, in the stateless era: each message has a response of its own. */
export async function httpTarget(revision: string | undefined): Promise<Target> {
  const fired = await fire(true);
  const session = revision === undefined ? undefined : await openSession(fired.url, revision);
  return {
    verdict: fired.verdict,
    async send(group) {
      const faults = await Promise.all(group.map((sample) => post(fired, session, sample)));
      const health = await fetch(`${fired.url}/health`);
      return [...faults.flat(), ...(health.status === 200 ? [] : [`/health answers ${health.status}`])];
    },
  };
}

async function post({ url }: Fired, session: Session | undefined, sample: Sample): Promise<string[]> {
  const bytes = bytesOf(sample);
  const expected = expectationOf(bytes);
  const base = session === undefined ? fitting(expected) : session.headers;
  const all = Object.fromEntries(Object.entries({ ...base, ...sample.headers }).filter(([, value]) => value !== ""));
  const hangUp = new AbortController();
  const response = await postJson(`${url}/mcp`, bytes, all, hangUp.signal);
  const { status } = response;
  if (expected.method === "subscriptions/listen" && response.headers.get("content-type") === "text/event-stream") {
    hangUp.abort();
    return [];
  }
  const text = await response.text();
  const told = (reason: string) => [`${status}: ${reason}: ${text.slice(0, 500)}`];
  const answers = answersIn(text, response.headers.get("content-type") ?? "");
  const faults = answers.map(faultOf).filter((fault) => fault !== undefined);
  if (faults.length > 0) {
    return told(faults.join());
  }
  if (status >= 400) {
    return isRefusal(status, expected, answers) ? [] : told(`no refusal of ${JSON.stringify(expected)}`);
  }
  if (status === 202) {
    return text === "" && expected.kind !== "answer" && expected.kind !== "refusal" ? [] : told("not to be accepted");
  }
  const own = answers.map((answer) => Object(answer).id);
  const fits =
    expected.kind === "batch" ||
    (expected.kind === "answer" &&
      (own.length === 1 ? own[0] === expected.id : own.length === 0 && session !== undefined));
  return status === 200 && fits ? [] : told(`not what ${JSON.stringify(expected)} deserves`);
}

/** The headers that a 2026-07-28 message needs. */
function fitting({ method, params }: Expectation): Record<string, string> {
  const name = params?.["name"] ?? params?.["uri"];
  const encoded = typeof name === "string" ? `=?base64?${Buffer.from(name).toString("base64")}?=` : "";
  return {
    "mcp-protocol-version": "2026-07-28",
    ...(method !== undefined && { "mcp-method": /^[!-~]{1,8000}$/.test(method) ? method : "" }),
    // Beyond 16 KiB of headers the answer is 431, from Bun itself.
    ...(encoded.length < 8192 && { "mcp-name": encoded }),
  };
}

/** Refused with one error of the message's id, or with none where it could not be told or the refusal is the transport's. */
function isRefusal(status: number, { kind, id, method }: Expectation, answers: readonly unknown[]): boolean {
  const [answer] = answers;
  const { id: told, error } = { ...Object(answer) };
  const unknown = Object(error).code === -32601;
  return (
    answers.length === 1 &&
    (told === null || told === id || kind === "batch") &&
    (status === 400 || (status === 404 && (unknown ? method !== undefined : Object(error).code === -32001)))
  );
}

function answersIn(text: string, type: string): unknown[] {
  if (text === "") {
    return [];
  }
  const data = type.startsWith("text/event-stream")
    ? text.split("\n").flatMap((line) => (/^data: ./.test(line) ? [line.slice("data: ".length)] : []))
    : [text];
  return data
    .flatMap((json) => jsonIn(Buffer.from(json))?.json ?? `no JSON: ${json.slice(0, 200)}`)
    .filter((message) => !isNotice(message));
}

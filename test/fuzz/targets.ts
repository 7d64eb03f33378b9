import { initialize } from "../support/raw-http.ts";
import { compare, type Expectation, expectationOf, isNotice, jsonIn, ofMessage } from "./judge.ts";
import { bytesOf, type Sample } from "./messages.ts";
import { type Fired, fire } from "./process.ts";

/** A server that takes groups of samples. */
export interface Target {
  /** Sends a group at once, and answers what is wrong with what came back. */
  send(group: readonly Sample[]): Promise<string[]>;
  verdict: Fired["verdict"];
}

/** After so long, in milliseconds, an answer is missing. */
const PATIENCE_MS = 20_000;

/** A connection of lines or events: answers come when they come. */
interface Line {
  /** Sends a message, and answers what came back at once. */
  put(bytes: Uint8Array): Promise<unknown[]>;
  /** What has come since this was asked last. */
  taken(): unknown[];
  /** Resolves when something has come, or nothing will. */
  more(): Promise<void>;
}

/** stdio, with a session or without one. */
export async function stdioTarget(revision: string | undefined): Promise<Target> {
  const fired = await fire(false);
  const { stdin, stdout } = fired.process;
  if (typeof stdin !== "object" || typeof stdout !== "object") {
    throw new Error("no pipes");
  }
  const inbox = createInbox();
  void inbox.fill(stdout, (text) => text);
  const put = async (bytes: Uint8Array) => {
    stdin.write(Buffer.concat([bytes, Buffer.from("\n")]));
    await stdin.flush();
    return [];
  };
  return openLine(fired, { put, ...inbox }, revision);
}

/** The event stream of 2024-11-05. */
export async function sseTarget(): Promise<Target> {
  const fired = await fire(true);
  const inbox = createInbox();
  const { body } = await fetch(`${fired.url}/sse`);
  const { promise: endpoint, resolve } = Promise.withResolvers<string>();
  void inbox.fill(body, (line) => {
    const data = line.startsWith("data: ") ? line.slice("data: ".length) : "";
    if (data.startsWith("/message")) {
      resolve(data);
    }
    return data.startsWith("/message") ? "" : data;
  });
  const url = `${fired.url}${await endpoint}`;
  const put = async (bytes: Uint8Array) => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(url, { method: "POST", headers, body: Uint8Array.from(bytes) });
    const text = await response.text();
    const fits = response.status === 202 ? text === "Accepted" : response.status === 400;
    return fits ? (response.status === 400 ? [JSON.parse(text)] : []) : [`${response.status} ${text.slice(0, 200)}`];
  };
  return openLine(fired, { put, ...inbox }, "2024-11-05");
}

function createInbox() {
  let lines: unknown[] = [];
  let wake = Promise.withResolvers<void>();
  return {
    taken() {
      const all = lines;
      lines = [];
      return all;
    },
    more: () => wake.promise,
    async fill(stream: ReadableStream<Uint8Array> | null | undefined, dataOf: (line: string) => string): Promise<void> {
      let rest = "";
      const decoder = new TextDecoder();
      for await (const bytes of stream ?? []) {
        const part = decoder.decode(bytes, { stream: true });
        // Not by a pattern: U+2028 ends no line.
        const parts = (rest + part).split("\n");
        rest = parts.pop() ?? "";
        for (const text of parts.map(dataOf).filter((data) => data !== "")) {
          lines.push(jsonIn(Buffer.from(text))?.json ?? `no JSON: ${text.slice(0, 200)}`);
        }
        wake.resolve();
        wake = Promise.withResolvers<void>();
      }
      lines.push("the stream has ended");
      wake.resolve();
    },
  };
}

async function openLine(fired: Fired, line: Line, revision: string | undefined): Promise<Target> {
  let sentinels = 0;
  let late: Expectation[] = [];
  const encode = (message: unknown) => Buffer.from(JSON.stringify(message));
  const target: Target = {
    verdict: fired.verdict,
    async send(group) {
      const expected = expectationsOf(group, { batches: revision === "2025-03-26", blanks: revision === "2024-11-05" });
      const answers: unknown[] = [];
      const take = () =>
        answers.push(
          ...line
            .taken()
            .flat()
            .filter((message) => !isNotice(message)),
        );
      for (const bytes of group.map(bytesOf)) {
        answers.push(...(await line.put(bytes)));
      }
      for (const { id, method } of expected) {
        if (method === "subscriptions/listen") {
          await line.put(encode({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id } }));
        }
      }
      const isMissing = () => compare([...late, ...expected], answers).open.some(({ optional }) => !optional);
      const end = performance.now() + PATIENCE_MS;
      for (take(); isMissing() && performance.now() < end; take()) {
        await Promise.race([line.more(), Bun.sleep(200)]);
        if (fired.process.exitCode !== null) {
          break;
        }
      }
      const id = `sentinel ${++sentinels}`;
      await line.put(encode({ jsonrpc: "2.0", id, method: "ping" }));
      const isSentinel = (message: unknown) => Object(message).id === id;
      for (take(); !answers.some(isSentinel) && performance.now() < end; take()) {
        await Promise.race([line.more(), Bun.sleep(200)]);
      }
      const { faults, open } = compare([...late, ...expected, { kind: "answer", id, optional: false }], answers);
      // What was cancelled may have been answered already, or may be still.
      late = open.filter(({ kind, optional }) => kind === "answer" && optional);
      return faults;
    },
  };
  if (revision !== undefined) {
    const faults = await target.send([{ latin1: encode(initialize(revision)).toString("latin1"), headers: {} }]);
    await line.put(encode({ jsonrpc: "2.0", method: "notifications/initialized" }));
    if (faults.length > 0) {
      throw new Error(faults.join());
    }
  }
  return target;
}

/** What a group deserves: a batch message by message where the session has batches, what is cancelled perhaps nothing. */
function expectationsOf(group: readonly Sample[], { batches, blanks }: { batches: boolean; blanks: boolean }) {
  const cancelled = new Set<unknown>();
  const expected: Expectation[] = [];
  for (const bytes of group.map(bytesOf)) {
    const whole = expectationOf(bytes);
    const json = jsonIn(bytes)?.json;
    if (whole.kind === "batch" && batches && Array.isArray(json) && json.length > 0) {
      expected.push(...json.map(ofMessage));
    } else if (blanks || new TextDecoder().decode(bytes).trim() !== "") {
      expected.push(whole);
    }
  }
  for (const { method, params } of expected) {
    if (method === "notifications/cancelled") {
      cancelled.add(params?.["requestId"]);
    }
  }
  return expected.map((one) => (cancelled.has(one.id) ? { ...one, optional: true } : one));
}

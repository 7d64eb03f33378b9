import { kept } from "./children.ts";
import { initializeOf, type Message } from "./messages.ts";

/** A server on stdio, spoken to by one client; answers are matched by their id. */
export interface StdioServer {
  pid: number;
  /** Sends a request and resolves with the answer. Rejects when the server ends before. */
  request(message: Message): Promise<Message>;
  /** Sends requests all at once and resolves with the answers, in the order of the requests. */
  burst(messages: readonly Message[]): Promise<Message[]>;
  /** Sends what has no answer. */
  notify(message: Message): void;
  /** Opens a session. */
  initialize(revision?: string): Promise<Message>;
  /** Called with every message that answers nothing. */
  onNotice(listener: (message: Message) => void): void;
  /** Ends it, by force if need be. */
  end(): Promise<void>;
}

export interface StdioOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
}

/** How long a server that was told to end may take, in milliseconds. */
const GRACE_MS = 5000;

/** Starts a server on stdio. */
export function startStdio(command: readonly string[], options: StdioOptions = {}): StdioServer {
  const child = kept(Bun.spawn([...command], { stdin: "pipe", stdout: "pipe", stderr: "ignore", ...options }));
  const waiting = new Map<unknown, { resolve: (message: Message) => void; reject: (error: Error) => void }>();
  let listener: (message: Message) => void = () => undefined;
  let ids = 0;
  const write = (lines: string) => {
    child.stdin.write(lines);
    void child.stdin.flush();
  };
  void dispatch(child.stdout, (message) => {
    const answered = "method" in message ? undefined : waiting.get(message["id"]);
    if (answered !== undefined) {
      waiting.delete(message["id"]);
      answered.resolve(message);
    } else if ("method" in message && "id" in message) {
      // A server may ask, for roots say; a client that cannot do it has to say so.
      write(`${JSON.stringify({ jsonrpc: "2.0", id: message["id"], error: { code: -32601, message: "no" } })}\n`);
    } else {
      listener(message);
    }
  }).finally(() => {
    for (const { reject } of waiting.values()) {
      reject(new Error(`${command.join(" ")} ended before it answered`));
    }
  });
  const expect = (messages: readonly Message[]) => {
    const numbered = messages.map((message) => ({ ...message, id: ++ids }));
    const answers = numbered.map(
      ({ id }) => new Promise<Message>((resolve, reject) => waiting.set(id, { resolve, reject })),
    );
    return { text: numbered.map((message) => `${JSON.stringify(message)}\n`).join(""), answers: Promise.all(answers) };
  };
  const server: StdioServer = {
    pid: child.pid,
    async request(message) {
      const { text, answers } = expect([message]);
      write(text);
      const [answer = {}] = await answers;
      return answer;
    },
    burst(messages) {
      const { text, answers } = expect(messages);
      write(text);
      return answers;
    },
    notify: (message) => write(`${JSON.stringify(message)}\n`),
    async initialize(revision) {
      const answer = await server.request(initializeOf(revision));
      server.notify({ jsonrpc: "2.0", method: "notifications/initialized" });
      return answer;
    },
    onNotice(next) {
      listener = next;
    },
    async end() {
      void child.stdin.end();
      const force = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
      await child.exited;
      clearTimeout(force);
    },
  };
  return server;
}

async function dispatch(stream: ReadableStream<Uint8Array>, take: (message: Message) => void): Promise<void> {
  for await (const line of linesOf(stream)) {
    // Some servers write to stdout what is no message.
    if (line.startsWith("{")) {
      take(JSON.parse(line));
    }
  }
}

/** The lines of a stream as they come. */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/** What a tool answered. Throws what it refused. */
export function resultOf(answer: Message): Message {
  const { isError, structuredContent, content } = Object(answer["result"]);
  if (answer["error"] !== undefined || isError === true) {
    throw new Error(`refused: ${JSON.stringify(answer).slice(0, 500)}`);
  }
  return { content, ...Object(structuredContent) };
}

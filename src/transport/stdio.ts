import { release } from "../memory.ts";
import { createConnection } from "../protocol/connection.ts";
import { parseError, parseJson } from "../protocol/json.ts";
import { errorReply, RPC } from "../protocol/jsonrpc.ts";
import type { SessionHost } from "../protocol/sessions.ts";
import { textOf } from "./large-text.ts";
import { createLineSplitter } from "./lines.ts";
import { createOutflow } from "./outflow.ts";
import { type Printed, printed } from "./printed.ts";

/** A line's bound, in bytes without its newline; what is longer is answered and skipped. */
export const LINE_BYTES = 16 * 1024 * 1024;

/** Answers that the client has not read yet, in bytes, beyond which nothing more is read from it. */
const UNREAD_BYTES = 64 * 1024 * 1024;

/** Stdin, its first bytes read from now on: they are there by the time that the store is. */
export function openInput() {
  const reader = Bun.stdin.stream().getReader();
  const first = reader.read();
  // A failure is for whoever serves; a start that is refused does not wait for it.
  first.catch(() => undefined);
  return { reader, first };
}

/**
 * Serves one client on stdin and stdout, one message a line, until the input ends, the reader of stdout goes away or
 * `stop` is aborted, which it does itself in the end, so that nothing waits for long any more. Resolves when everything
 * read has been answered and written. A line counts only with its newline.
 */
export async function serveStdio(
  host: Omit<SessionHost, "local">,
  input: ReturnType<typeof openInput>,
  stop: AbortController,
): Promise<void> {
  const output = createOutput();
  const outflow = createOutflow(output.unread);
  output.onTaken = outflow.onTaken;
  const connection = createConnection({ ...host, local: true, stateless: true, reserve: outflow.reserve }, (message) =>
    output.write(printed(message)),
  );
  const lines = createLineSplitter(LINE_BYTES, {
    line: (text) => receive(text),
    tooLong: () => {
      const message = `Invalid Request: a line has at most ${LINE_BYTES} bytes`;
      output.write(JSON.stringify(errorReply(null, RPC.invalidRequest, message)));
    },
  });

  function receive(bytes: Uint8Array): void {
    const parsed = parse(bytes);
    if (parsed === undefined) {
      return;
    }
    if ("reply" in parsed) {
      output.write(JSON.stringify(parsed.reply));
    } else {
      connection.receive(parsed.value);
    }
  }

  const unlessStopped = createStop(stop.signal, output.broken);
  for (let reading = input.first; ; reading = input.reader.read()) {
    const chunk = await unlessStopped(reading);
    if (chunk === undefined || chunk.done) {
      break;
    }
    lines.push(chunk.value);
    if (output.unread() > UNREAD_BYTES) {
      await unlessStopped(output.flushed());
    }
  }
  const rest = lines.end();
  if (rest > 0) {
    host.log.warn("the input ended within a line, which was not executed: a message ends with a newline", {
      bytes: rest,
    });
  }
  stop.abort();
  await Promise.race([connection.drained(), output.broken]);
  await Promise.race([output.flushed(), output.broken]);
  await connection.close();
}

/**
 * Waits for a promise, or until the end, which is told by nothing. `Promise.race` would not do: a promise that lives as long as the
 * server keeps what came of each race that it was in, and so all that was ever read.
 */
function createStop(signal: AbortSignal, broken: Promise<void>) {
  let stopped = signal.aborted;
  let tell: () => void = () => undefined;
  const stop = () => {
    stopped = true;
    tell();
  };
  signal.addEventListener("abort", stop, { once: true });
  void broken.then(stop);
  return <T>(going: Promise<T>): Promise<T | undefined> =>
    new Promise((resolve, reject) => {
      tell = () => resolve(undefined);
      if (stopped) {
        tell();
      }
      going.then(resolve, reject);
    });
}

/** A line as a JSON value, or the answer to what is none; nothing for a blank one. */
function parse(bytes: Uint8Array): ReturnType<typeof parseJson> | undefined {
  const read = textOf(bytes);
  if (read === undefined) {
    return { reply: parseError("not UTF-8") };
  }
  return read.text.trim() === "" ? undefined : parseJson(read.text, read.taken);
}

/** Prints what a person asked for (help, version, a report, a file) instead of serving. */
export async function print(text: string | Blob): Promise<void> {
  await Bun.write(Bun.stdout, text);
}

/** A message that waits behind an answer that is still being made; its own pieces are made when its turn comes. */
interface Behind {
  message: string | Printed;
  /** What it counted for when it came. */
  bytes: number;
}

/** The one writer of stdout: what is written in one turn of the event loop goes out together, in order. */
function createOutput() {
  const sink = Bun.stdout.writer();
  const { promise: broken, resolve: onBroken } = Promise.withResolvers<void>();
  const behind: Behind[] = [];
  let unread = 0;
  let flushing: Promise<void> | undefined;

  async function flush(): Promise<void> {
    try {
      await Promise.resolve();
      while (unread > 0) {
        const going = behind.reduce((sum, { bytes }) => sum - bytes, unread);
        await sink.flush();
        unread -= going;
        output.onTaken();
        await writeBehind();
      }
    } catch {
      onBroken();
    } finally {
      // In the same turn as the last look: what is written after it must begin a flush of its own.
      flushing = undefined;
    }
  }

  async function writeBehind(): Promise<void> {
    for (let [next] = behind; next !== undefined; [next] = behind) {
      const { message, bytes } = next;
      if (typeof message === "string") {
        sink.write(`${message}\n`);
      } else {
        await writePieces(message);
        unread -= bytes;
      }
      behind.shift();
      output.onTaken();
    }
  }

  async function writePieces(message: Printed): Promise<void> {
    for (const piece of message.pieces()) {
      sink.write(piece);
      await sink.flush();
      release(piece);
    }
    sink.write("\n");
    await sink.flush();
  }

  const output = {
    /** Called whenever the client has taken something. */
    onTaken(): void {},
    /** Writes a message, and the newline. */
    write(message: string | Printed): void {
      const bytes = typeof message === "string" ? message.length : message.left();
      unread += bytes;
      if (typeof message === "string" && behind.length === 0) {
        sink.write(`${message}\n`);
      } else {
        behind.push({ message, bytes });
      }
      flushing ??= flush();
    },
    /** Resolves when everything written so far has been taken. */
    flushed: async (): Promise<void> => flushing,
    unread: (): number => unread,
    /** Resolves when nobody can read any more. */
    broken,
  };
  return output;
}

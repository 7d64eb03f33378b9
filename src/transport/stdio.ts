import { createConnection } from "../protocol/connection.ts";
import { parseError, parseJson } from "../protocol/json.ts";
import { errorReply, RPC } from "../protocol/jsonrpc.ts";
import type { SessionHost } from "../protocol/sessions.ts";
import { textOf } from "./large-text.ts";
import { createLineSplitter } from "./lines.ts";
import { createOutflow } from "./outflow.ts";

/** A line's bound, in bytes without its newline; what is longer is answered and skipped. */
export const LINE_BYTES = 16 * 1024 * 1024;

/** Answers that the client has not read yet, in bytes, beyond which nothing more is read from it. */
const UNREAD_BYTES = 64 * 1024 * 1024;

/**
 * Serves one client on stdin and stdout, one message a line, until the input ends, the reader of stdout goes away or
 * `stop` is aborted, which it does itself in the end, so that nothing waits for long any more. Resolves when everything
 * read has been answered and written. A line counts only with its newline.
 */
export async function serveStdio(host: Omit<SessionHost, "local">, stop: AbortController): Promise<void> {
  const output = createOutput();
  const outflow = createOutflow(output.unread);
  output.onTaken = outflow.onTaken;
  const connection = createConnection({ ...host, local: true, stateless: true, reserve: outflow.reserve }, (message) =>
    output.write(`${JSON.stringify(message)}\n`),
  );
  const lines = createLineSplitter(LINE_BYTES, {
    line: (text) => receive(text),
    tooLong: () => {
      const message = `Invalid Request: a line has at most ${LINE_BYTES} bytes`;
      output.write(`${JSON.stringify(errorReply(null, RPC.invalidRequest, message))}\n`);
    },
  });

  function receive(bytes: Uint8Array): void {
    const parsed = parse(bytes);
    if (parsed === undefined) {
      return;
    }
    if ("reply" in parsed) {
      output.write(`${JSON.stringify(parsed.reply)}\n`);
    } else {
      connection.receive(parsed.value);
    }
  }

  const reader = Bun.stdin.stream().getReader();
  const unlessStopped = createStop(stop.signal, output.broken);
  for (;;) {
    const chunk = await unlessStopped(reader.read());
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

/** The one writer of stdout: what is written in one turn of the event loop goes out together, in order. */
function createOutput() {
  const sink = Bun.stdout.writer();
  const { promise: broken, resolve: onBroken } = Promise.withResolvers<void>();
  let unread = 0;
  let flushing: Promise<void> | undefined;

  async function flush(): Promise<void> {
    try {
      await Promise.resolve();
      while (unread > 0) {
        const going = unread;
        await sink.flush();
        unread -= going;
        output.onTaken();
      }
    } catch {
      onBroken();
    } finally {
      // In the same turn as the last look: what is written after it must begin a flush of its own.
      flushing = undefined;
    }
  }

  const output = {
    /** Called whenever the client has taken something. */
    onTaken(): void {},
    write(line: string): void {
      unread += line.length;
      sink.write(line);
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

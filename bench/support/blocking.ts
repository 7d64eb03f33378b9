import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { kept } from "./children.ts";
import type { Message } from "./messages.ts";

/** A server on two named pipes, whose client blocks: of what a call takes, next to nothing is the client's own. */
export interface BlockingServer {
  /** Sends a request and answers the answer. Throws when the server ends before. */
  request(message: Message): Message;
  /** Ends its input, and waits for its end. */
  end(): Promise<void>;
}

const NEWLINE = 10;
const ANSWER_BYTES = 1024 * 1024;

/** Starts a server on pipes in `folder`, an empty one. Needs `mkfifo`, which POSIX systems have. */
export function startBlocking(folder: string, command: readonly string[]): BlockingServer {
  const [input, output] = [join(folder, "stdin"), join(folder, "stdout")];
  Bun.spawnSync(["mkfifo", input, output]);
  const [theirInput, sink] = endsOf(input);
  const [source, theirOutput] = endsOf(output);
  const child = kept(Bun.spawn([...command], { stdin: theirInput, stdout: theirOutput, stderr: "ignore" }));
  closeSync(theirInput);
  closeSync(theirOutput);
  const buffer = Buffer.alloc(ANSWER_BYTES);
  let ids = 0;
  return {
    request(message) {
      writeSync(sink, `${JSON.stringify({ ...message, id: ++ids })}\n`);
      let length = 0;
      do {
        const read = readSync(source, buffer, length, buffer.length - length, null);
        if (read === 0) {
          throw new Error(`${command.join(" ")} ended before it answered`);
        }
        length += read;
      } while (buffer[length - 1] !== NEWLINE);
      return JSON.parse(buffer.toString("utf8", 0, length));
    },
    async end() {
      closeSync(sink);
      await child.exited;
      closeSync(source);
    },
  };
}

/** Both ends of a pipe; opening one alone would wait for somebody to open the other. */
function endsOf(path: string): readonly [reader: number, writer: number] {
  const both = openSync(path, "r+");
  const ends = [openSync(path, "r"), openSync(path, "w")] as const;
  closeSync(both);
  return ends;
}

/** How long what is written is gathered before it is flushed, in milliseconds. */
const EVERY_MS = 50;

/** In a thread of its own: SQLite, which copies a database in one statement, leaves none of the time of ours. */
const THREAD = `
const { closeSync, fdatasyncSync, openSync } = require("node:fs");
self.onmessage = ({ data: { path, stop } }) => {
  let failure;
  try {
    const file = openSync(path, "r+");
    try {
      while (Atomics.wait(stop, 0, 0, ${EVERY_MS}) === "timed-out") {
        fdatasyncSync(file);
      }
    } finally {
      closeSync(file);
    }
  } catch ({ code, message }) {
    failure = { code, message };
  }
  postMessage(failure);
};
`;

/**
 * Runs `write`, which fills the file at `path`, and flushes what it has written again and again meanwhile: flushed as a whole
 * at its end, a large file keeps all who make their writes durable on the same disk waiting. The file is to be synced all
 * the same. Throws what a flush failed with: no later sync would tell.
 */
export async function flushedMeanwhile(path: string, write: () => Promise<void>): Promise<void> {
  const url = URL.createObjectURL(new Blob([THREAD], { type: "text/javascript" }));
  const thread = new Worker(url);
  const stop = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const ended = new Promise<unknown>((resolve) => {
    thread.onmessage = ({ data }) => resolve(data);
    // Where there is no thread to be had, the sync at the end does it all.
    thread.onerror = () => resolve(undefined);
  });
  thread.postMessage({ path, stop });
  let failure: unknown;
  try {
    await write();
  } finally {
    Atomics.store(stop, 0, 1);
    Atomics.notify(stop, 0);
    failure = await ended;
    thread.terminate();
    URL.revokeObjectURL(url);
  }
  if (failure !== undefined) {
    throw Object.assign(new Error("what was written could not be flushed"), failure);
  }
}

import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { HeldText, takingHeld } from "../protocol/held-text.ts";
import { isMembers } from "../protocol/jsonrpc.ts";
import type { Printed } from "./printed.ts";

/** Marks and the held texts that they stand for, while the SDK carries an answer that it would print whole. */
const underWay = new Map<string, HeldText>();

/** Nobody whose text stands in a message can know it. */
const NONCE = crypto.randomUUID();
const DIGITS = 12;
const MARK_BYTES = NONCE.length + DIGITS;
let marks = 0;

const parted = new WeakSet<object>();

/** Whether a message is one that `sendParted` has made. */
export function isParted(message: object): boolean {
  return parted.has(message);
}

/** Sends an answer of the SDK's with marks for its held texts, for `joined` to find in what becomes of it. */
export async function sendParted(
  answer: JSONRPCMessage,
  send: (answer: JSONRPCMessage) => Promise<void>,
): Promise<void> {
  if (!holds(answer)) {
    return send(answer);
  }
  const own: string[] = [];
  const mark = (held: HeldText) => {
    const name = NONCE + `${marks++}`.padStart(DIGITS, "0");
    own.push(name);
    underWay.set(name, held);
    return name;
  };
  try {
    const message: JSONRPCMessage = JSON.parse(takingHeld(mark, () => JSON.stringify(answer)));
    parted.add(message);
    await send(message);
  } finally {
    // In a later turn of the event loop: by then it has been read, or there was no stream for it.
    setTimeout(() => {
      for (const name of own) {
        underWay.delete(name);
      }
    }, 0);
  }
}

/** Bytes that the SDK has printed, with held texts in the place of their marks. */
export function joined(bytes: Uint8Array): readonly (Uint8Array | Printed)[] {
  const parts: (Uint8Array | Printed)[] = [];
  let from = 0;
  for (let at = placeOfMark(bytes, from); at >= 0; at = placeOfMark(bytes, from)) {
    const end = at + MARK_BYTES;
    const held = underWay.get(Buffer.from(bytes.subarray(at, end)).toString("latin1"));
    parts.push(bytes.subarray(from, at));
    if (held !== undefined) {
      parts.push(held);
    }
    from = end;
  }
  return [...parts, bytes.subarray(from)];
}

function placeOfMark({ buffer, byteOffset, length }: Uint8Array, from: number): number {
  return underWay.size === 0 ? -1 : Buffer.from(buffer, byteOffset, length).indexOf(NONCE, from, "latin1");
}

/** Whether an answer holds artifacts, as that to `resources/read` may. */
function holds(answer: JSONRPCMessage): boolean {
  const contents = "result" in answer ? answer.result["contents"] : undefined;
  return (
    Array.isArray(contents) &&
    contents.some((content) => isMembers(content) && Object.values(content).some((value) => value instanceof HeldText))
  );
}

import { agentKey } from "../domain/agent.ts";
import { quote } from "../domain/clean.ts";
import { TaskError } from "../domain/errors.ts";
import type { IdempotencyKey } from "../domain/idempotency.ts";
import { agentOf, type Caller } from "../tools/caller.ts";
import { metaOf } from "./envelope.ts";
import { escapedPieces } from "./json-escape.ts";
import { isMembers, type Members } from "./jsonrpc.ts";

/** The member of a call's `_meta` by which a client marks a write that it may send again. */
const META_KEY = "mcp-task-server/idempotencyKey";
const KEY_CHARACTERS = 128;

/** The call whose key is asked for: the arguments as they were sent, without those that are null. */
interface Call {
  tool: string;
  args: Members;
  caller: Caller;
}

/** The idempotency key of a call, where its client gave one. Throws `invalid`. */
export function keyOf(params: Members, { tool, args, caller }: Call): IdempotencyKey | undefined {
  const key = metaOf(params)[META_KEY];
  if (key === undefined) {
    return undefined;
  }
  if (typeof key !== "string" || key === "" || !key.isWellFormed() || [...key].length > KEY_CHARACTERS) {
    throw new TaskError(
      "invalid",
      `Cannot call tool ${quote(tool)}: _meta["${META_KEY}"] is no key; ` +
        `a string of 1–${KEY_CHARACTERS} characters is accepted, a new one for each write`,
    );
  }
  const named = args["agent"] ?? args["from_agent"];
  const agent = agentOf(caller, typeof named === "string" ? named : undefined);
  return { key, caller: agentKey(agent ?? ""), tool, args_hash: hashOf(key, args) };
}

/** Keyed, as nobody is to guess from the hash what the arguments were: a secret among them is not stored otherwise. */
function hashOf(key: string, args: Members): string {
  const hasher = new Bun.CryptoHasher("sha256", key);
  const long: string[] = [];
  for (const [index, part] of canonical(args, long).split(JSON.stringify(HALF)).entries()) {
    hasher.update(part);
    const text = long[index];
    if (text !== undefined) {
      hasher.update('"');
      for (const piece of escapedPieces(text)) {
        hasher.update(piece);
      }
      hasher.update('"');
    }
  }
  return hasher.digest("hex");
}

/** Texts of so many characters are printed piece by piece. */
const LONG_CHARACTERS = 256 * 1024;

/** Half a character, which no argument holds. */
const HALF = "\ud800";

/**
 * JSON whose objects have their members in one order, whatever order they were sent in. Long texts are put into `long`, and
 * `HALF` in their place.
 */
function canonical(value: unknown, long: string[]): string {
  return JSON.stringify(value, (_, inner) => {
    if (typeof inner === "string" && inner.length >= LONG_CHARACTERS) {
      long.push(inner);
      return HALF;
    }
    return isMembers(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner;
  });
}

import { expect, test } from "bun:test";
import { keyOf } from "../../src/protocol/idempotency.ts";

/** By which a call is known, whatever part of it was hashed piece by piece: the keys of servers before are still good. */
function expected(args: Record<string, unknown>): string {
  const sorted = Object.fromEntries(Object.entries(args).sort(([one], [other]) => (one < other ? -1 : 1)));
  return new Bun.CryptoHasher("sha256", "k").update(JSON.stringify(sorted)).digest("hex");
}

test("arguments are hashed as their JSON, however long they are", () => {
  const params = { _meta: { "mcp-task-server/idempotencyKey": "k" } };
  for (const unit of ["plain ", "aü€😀", '"\\\b\n\u001f\u007f', "\\ud800", '"\\ud800"', "x😀"]) {
    for (const times of [1, 50_000, 100_001]) {
      const args = { task_id: "t", content: unit.repeat(times), agent: "a", b: [`${unit.repeat(times)}.`] };
      expect(keyOf(params, { tool: "t", args, caller: {} })?.args_hash).toBe(expected(args));
    }
  }
});

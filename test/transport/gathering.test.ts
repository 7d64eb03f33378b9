import { expect, test } from "bun:test";
import { createGathering } from "../../src/transport/gathering.ts";

test("of what comes in one turn the first goes on at once, the others together, before the next turn's", async () => {
  const gather = createGathering();
  const order: string[] = [];
  async function come(name: string): Promise<void> {
    const turn = gather();
    order.push(turn === undefined ? `${name} at once` : `${name} waits`);
    await turn;
    order.push(name);
  }
  const one = [come("a"), come("b"), come("c")];
  await one[0];
  expect(order).toEqual(["a at once", "b waits", "c waits", "a"]);
  await Promise.all(one);
  await Promise.all([come("d"), come("e")]);
  expect(order.slice(4)).toEqual(["b", "c", "d at once", "e waits", "d", "e"]);
});

import { describe, expect, test } from "bun:test";
import { scanCall } from "../../src/redact/redactor.ts";
import { createScans } from "../../src/redact/scans.ts";
import { characters, pseudoRandom, shapes } from "./shapes.ts";

describe("bytes", () => {
  const token = `np${"m"}_${characters(pseudoRandom(12), 36)}`;

  test("that are UTF-8 are scanned as text", async () => {
    const scan = await scanCall("redact", {});
    const after = await scan.bytes(Buffer.from(`\ufeffTöken: ${token}\r\n`));
    expect(Buffer.from(after).toString()).toBe("\ufeffTöken: [REDACTED:npm]\r\n");
    expect(scan.tally()).toEqual({ redacted: 1 });
  });

  test("that are not, or hold no secret, stay the very same", async () => {
    const scan = await scanCall("redact", {});
    for (const bytes of [Buffer.from([0xff, ...Buffer.from(token)]), Buffer.from("nothing here"), Buffer.alloc(0)]) {
      expect(await scan.bytes(bytes)).toBe(bytes);
    }
    expect(scan.tally()).toEqual({});
  });

  test("that are many are scanned as their text is, wherever a secret stands and a character begins", async () => {
    for (const unit of ["- ", "é ", "€ ", "😀 "]) {
      for (let shift = 0; shift < 5; shift++) {
        const stretch = `${".".repeat(shift)}${unit.repeat(40_000 / unit.length)}`;
        const context = `${stretch}${token} `.repeat(12);
        const [bytes, text] = [await scanCall("redact", {}), await scanCall("redact", { context })];
        const after = await bytes.bytes(Buffer.from(context));
        expect(Bun.deepEquals({ context: Buffer.from(after).toString() }, text.args)).toBe(true);
        expect(bytes.tally()).toEqual({ redacted: 12 });
      }
    }
  });

  test("are scanned across the parts in which they are looked at", async () => {
    for (let inside = 1; inside < token.length; inside += 5) {
      const scan = await scanCall("redact", {});
      const after = await scan.bytes(
        Buffer.from(`${"- ".repeat(2 ** 16).slice(inside)}${token} ${"- ".repeat(2 ** 16)}`),
      );
      expect({ inside, found: Buffer.from(after).includes("- [REDACTED:npm] -"), ...scan.tally() }).toEqual({
        inside,
        found: true,
        redacted: 1,
      });
    }
  });

  test("come to an end, whatever their length", async () => {
    const scan = await scanCall("redact", {});
    for (const length of [0, 1, 2 ** 15 - 1, 2 ** 15, 2 ** 15 + 1, 96 * 1024, 2 ** 17, 2 ** 17 + 1, 2 ** 18]) {
      const bytes = Buffer.alloc(length, "€");
      const valid = bytes.subarray(0, length - (length % 3));
      expect(await scan.bytes(valid)).toBe(valid);
    }
  });

  test("that stop being UTF-8 far behind stay the very same", async () => {
    const scan = await scanCall("redact", {});
    const bytes = Buffer.from(`${token} ${"- ".repeat(200_000)}\u00ff`, "latin1");
    expect(await scan.bytes(bytes)).toBe(bytes);
    expect(scan.tally()).toEqual({});
  });
});

describe("modes", () => {
  const given = { context: "password=hunter2" };

  test("warn changes nothing and counts", async () => {
    const scan = await scanCall("warn", given);
    expect(scan.args).toEqual(given);
    expect(await scan.bytes(Buffer.from(given.context))).toEqual(Buffer.from(given.context));
    expect(scan.tally()).toEqual({ secrets_found: 2 });
  });

  test("off does not look", async () => {
    const scan = await scanCall("off", given);
    expect(scan.args).toBe(given);
    expect(scan.tally()).toEqual({});
  });
});

describe("the order of calls", () => {
  test("is that in which they came, though one has much to look at", async () => {
    const { scan, settled } = createScans("redact");
    const order: string[] = [];
    const told = (name: string, done: unknown) => Promise.resolve(done).then(() => order.push(name));
    await scan({});
    const long = told("long", scan({ context: shapes().map(({ text }) => text) }));
    const short = told("short", scan({ context: "short" }));
    const read = told("read", settled());
    await Promise.all([read, short, long]);
    expect(order).toEqual(["long", "short", "read"]);
    expect(settled()).toBeUndefined();
    expect(scan({ context: "short" })).not.toBeInstanceOf(Promise);
  });
});

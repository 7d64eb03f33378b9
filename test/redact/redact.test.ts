import { describe, expect, test } from "bun:test";
import { hasSigns } from "../../src/redact/find.ts";
import { scanCall } from "../../src/redact/redactor.ts";
import { cleanTexts } from "./clean-texts.ts";
import { characters, pem, pseudoRandom, shapes } from "./shapes.ts";

async function redact(given: unknown) {
  const { args, tally } = await scanCall("redact", given);
  return { after: args, count: tally().redacted ?? 0 };
}

/** Whether eight characters in a row of a secret are left, beside what replaced it. */
function isLeft(secret: string, text: unknown): boolean {
  const rest = `${text}`.replaceAll(/\[REDACTED:[\w-]+\]/g, "");
  const length = Math.min(8, secret.length);
  return Array.from({ length: secret.length - length + 1 }, (_, at) => secret.slice(at, at + length)).some((part) =>
    rest.includes(part),
  );
}

describe("what is found", () => {
  test("of at least 40 shapes, each with 20 values, at least 95 % are found and wholly removed", async () => {
    const all = Array.from({ length: 20 }, (_, seed) => shapes(seed + 1)).flat();
    expect(new Set(all.map(({ name }) => name)).size).toBeGreaterThanOrEqual(40);
    const missed: string[] = [];
    for (const { name, secret, text } of all) {
      const { after, count } = await redact(text);
      if (count === 0 || isLeft(secret, after)) {
        missed.push(name);
      }
    }
    expect(missed.length).toBeLessThanOrEqual(all.length * 0.05);
    // Stricter than promised: whoever changes a rule sees which shape is lost.
    expect([...new Set(missed)]).toEqual([]);
  });

  test("of 2,000 clean checkpoint texts at most 1 % are touched", async () => {
    const texts = cleanTexts(2000);
    expect(new Set(texts).size).toBe(2000);
    const touched: unknown[] = [];
    for (const text of texts) {
      const { after, count } = await redact(text);
      if (count > 0) {
        touched.push(after);
      }
    }
    expect(touched.length).toBeLessThanOrEqual(20);
    expect(touched).toEqual([]);
  });

  test("has a sign, wherever it stands: in the middle of prose, at either end, behind an escaped line end", () => {
    const unseen = shapes(3).flatMap(({ name, text }) =>
      [text, `Then:\n${text}`, `${text}\n`, `"…\\n${text}\\n"`].filter((one) => !hasSigns(one)).map(() => name),
    );
    expect(unseen).toEqual([]);
  });

  test("is replaced by the name of its rule, and nothing around it", async () => {
    const token = `gh${"p"}_${characters(pseudoRandom(5), 36)}`;
    expect(await redact(`before ${token}, after`)).toEqual({ after: "before [REDACTED:github], after", count: 1 });
    expect(await redact("postgres://app:Tr0ub4dor@db:5432/app")).toEqual({
      after: "postgres://app:[REDACTED:url-password]@db:5432/app",
      count: 1,
    });
    expect(await redact("password=hunter2 and more")).toEqual({
      after: "password=[REDACTED:password] and more",
      count: 1,
    });
  });

  test("is not found again in what it was replaced by", async () => {
    for (const { text } of shapes(2)) {
      const { after } = await redact(text);
      expect(await redact(after)).toEqual({ after, count: 0 });
    }
  });

  test("cannot be hidden by a comment that switches a linter off, nor moved by a byte order mark", async () => {
    const token = `shp${"at"}_${characters(pseudoRandom(6), 32, "0123456789abcdef")}`;
    expect(await redact(`\ufeff// secretlint-disable\n${token}!`)).toEqual({
      after: "\ufeff// secretlint-disable\n[REDACTED:shopify]!",
      count: 1,
    });
  });
});

describe("where it is found", () => {
  const random = pseudoRandom(11);
  const token = `gh${"p"}_${characters(random, 36)}`;
  const key = `AI${"za"}${characters(random, 35)}`;

  test("in nested lists and objects, names of members too; numbers, flags and nothing stay", async () => {
    const given = { steps: ["a", { [token]: [token] }], n: 1, yes: true, none: null, deep: { task_id: token } };
    expect(await redact(given)).toEqual({
      after: {
        steps: ["a", { "[REDACTED:github]": ["[REDACTED:github]"] }],
        n: 1,
        yes: true,
        none: null,
        deep: { task_id: "[REDACTED:github]" },
      },
      count: 3,
    });
  });

  test("not in the arguments that the server gives a meaning to", async () => {
    const given = { task_id: token, agent: token, path: token, content_base64: token, mime_type: token, cursor: token };
    expect(await redact(given)).toEqual({ after: given, count: 0 });
  });

  test("several times in one text, and several with nothing but a quote or a comma between", async () => {
    expect(await redact(`${token} ${token},${key}"${key}`)).toEqual({
      after: '[REDACTED:github] [REDACTED:github],[REDACTED:google-api-key]"[REDACTED:google-api-key]',
      count: 4,
    });
  });

  test("a private key goes as a whole, over its lines, and another behind it too", async () => {
    const text = `${pem(random, "RSA", 1190)}\n\n${pem(random, "OPENSSH", 6000)}\nend`;
    expect(await redact(text)).toEqual({ after: "[REDACTED:private-key]\n\n[REDACTED:private-key]\nend", count: 2 });
  });

  test("of a private key that is cut off, all lines that are there", async () => {
    const whole = pem(random, "RSA", 1190);
    const { after, count } = await redact(`see ${whole.slice(0, 700)}\n\n(cut)`);
    expect({ after, count }).toEqual({ after: "see [REDACTED:private-key]\n\n(cut)", count: 1 });
  });

  test("in a text longer than one window, also across the border of two", async () => {
    const filler = "All is well, and nothing else is to be said of it.\n";
    for (const at of [0, 100_000, 130_900, 131_060, 131_072, 200_000]) {
      const before = filler
        .repeat(Math.ceil(at / filler.length))
        .slice(0, at)
        .replace(/.$/, " ");
      const text = `${before}${token} ${pem(random, "RSA", 1190)} ${filler.repeat(6000)}`;
      const { after, count } = await redact(text);
      expect({
        at,
        count,
        same: `${after}`.startsWith(`${before}[REDACTED:github] [REDACTED:private-key] All`),
      }).toEqual({
        at,
        count: 2,
        same: true,
      });
    }
  });
});

describe("what is made to take long", () => {
  /** Beginnings of secrets that never become one, each over and over. */
  const REPEATED = [
    ...[
      "eyJ",
      "eyJa-",
      "sk-",
      "ghs_1_",
      "SG.a.",
      "xoxb-",
      "AKIA",
      "password=",
      'password="',
      "token: ",
      "://a:",
      "://",
    ],
    ...[
      "-----BEGIN PRIVATE KEY-----\n",
      "-----BEGIN RSA PRIVATE KEY-----\nAAAAAAAAAAAAAAAAAAAA\n",
      "--",
      "curl -",
      "M.",
    ],
    ...[
      "Bearer ",
      "Authorization: ",
      "secret_access_key ",
      "1234567",
      "0123456789abcdef",
      "_authToken=",
      "pat",
      "a.b.c.",
    ],
  ];

  test("takes time in proportion to its length: of any beginning, 512 KiB come to an end", async () => {
    for (const piece of REPEATED) {
      const text = piece.repeat(Math.ceil((512 * 1024) / piece.length));
      const { after } = await redact(text);
      expect(typeof after).toBe("string");
    }
  }, 60_000);

  test("lets others have their turn: 10 MiB are looked at in parts", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const scan = await scanCall("redact", {});
    const text = `${"The build is green and all is well. ".repeat(300_000)} password=hunter2`;
    const after = await scan.bytes(Buffer.from(text));
    clearInterval(timer);
    expect({ found: scan.tally(), less: after.length < text.length + 20 }).toEqual({
      found: { redacted: 1 },
      less: true,
    });
    expect(turns).toBeGreaterThan(3);
  }, 60_000);
});

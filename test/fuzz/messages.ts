import * as fc from "fast-check";
import { ENVELOPE } from "../support/eras.ts";
import { byteChange, changeBytes, changeText, mutate, mutations, textChange } from "./mutations.ts";
import { deepText, nasty, text } from "./nasty.ts";

type Members = Readonly<Record<string, unknown>>;

/** What is sent: a body or a line, without any newline in it, and what it changes of the headers that would fit it. */
export interface Sample {
  /** The bytes as characters U+0000 to U+00FF, which can be read and pasted. */
  latin1: string;
  headers: Readonly<Record<string, string>>;
}

/** A tool as `tools/list` publishes it. */
export interface PublishedTool {
  name: string;
  inputSchema: Members;
}

/** What the sample sends. */
export function bytesOf({ latin1 }: Sample): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(latin1, "latin1"));
}

/** A JSON value changed in some places, as text changed in some places, as bytes. */
export function samples(tools: readonly PublishedTool[], era: "session" | "stateless"): fc.Arbitrary<Sample> {
  const call = fc.constantFrom(...tools).chain(({ name, inputSchema }) => callOf(name, inputSchema));
  const plain = fc.oneof(
    { weight: 6, arbitrary: call },
    { weight: 3, arbitrary: otherRequest },
    notification,
    response,
  );
  const message = era === "stateless" ? plain.chain(enveloped) : plain;
  const mutated = fc.oneof(
    { weight: 3, arbitrary: message },
    { weight: 5, arbitrary: fc.tuple(message, mutations).map(([value, steps]) => steps.reduce(mutate, value)) },
    { weight: 1, arbitrary: nasty },
    { weight: 1, arbitrary: fc.array(message, { maxLength: 3 }) },
  );
  const texts = fc.oneof(
    { weight: 30, arbitrary: mutated.map((value) => JSON.stringify(value) ?? "null") },
    { weight: 1, arbitrary: deepText },
  );
  return fc.record({
    latin1: fc
      .oneof(
        { weight: 5, arbitrary: texts.map((json) => Buffer.from(json)) },
        {
          weight: 2,
          arbitrary: fc.tuple(texts, textChange).map(([json, change]) => Buffer.from(changeText(json, change))),
        },
        {
          weight: 1,
          arbitrary: fc.tuple(texts, byteChange).map(([json, change]) => changeBytes(Buffer.from(json), change)),
        },
      )
      .map((bytes) => bytes.toString("latin1")),
    headers: fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: headers }),
  });
}

const id: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 1e6 }) },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme", maxLength: 8 }) },
  { weight: 1, arbitrary: nasty },
);

/** Values that mean something to the argument of this name. */
const POOLS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  task_id: fc.oneof({ weight: 4, arbitrary: fc.constantFrom("t1", "t2", "t3", "t4") }, text),
  artifact: fc.constantFrom("a", "b", "../a", "%2e%2e"),
  name: fc.oneof(fc.constantFrom("a", "b"), text),
  agent: fc.constantFrom("ann", "bob", "ANN ", "\u00e9ve"),
  from_agent: fc.constantFrom("ann", "bob"),
  to_agent: fc.oneof(fc.constantFrom("ann", "bob"), text),
  repo_path: fc.constantFrom("/", "/etc", "/tmp", "relative", "/nowhere\u0000"),
  path: fc.constantFrom("passwd", "/etc/passwd", "../x", ".git/config", "a\u0000"),
  query: fc.oneof(fc.constantFrom("title", 'a" OR b', "* NEAR ^x", "-"), text),
  // Whoever waits for work holds the line up: it is waited for in tests of its own.
  wait_seconds: fc.constantFrom(0, -1, "1", 1e9),
  max_tokens: fc.integer({ min: -1, max: 3000 }),
};

function callOf(name: string, schema: Members): fc.Arbitrary<unknown> {
  return fc.record({
    jsonrpc: fc.constant("2.0"),
    id,
    method: fc.constant("tools/call"),
    params: fc.record({ name: fc.constant(name), arguments: permitted(schema, "") }),
  });
}

/** Values that a published schema permits, as far as it says. */
function permitted(schema: Members, name: string): fc.Arbitrary<unknown> {
  const pool = POOLS[name];
  if (pool !== undefined) {
    return pool;
  }
  const { type, enum: options, properties, required, items } = schema;
  if (Array.isArray(options)) {
    return fc.constantFrom<unknown>(...options);
  }
  switch (type) {
    case "object": {
      const members = Object.entries({ ...Object(properties) });
      const values = Object.fromEntries(members.map(([key, inner]) => [key, permitted({ ...Object(inner) }, key)]));
      return fc.record(values, { requiredKeys: Array.isArray(required) ? required : [] });
    }
    case "array":
      return fc.array(permitted({ ...Object(items) }, ""), { maxLength: 4 });
    case "boolean":
      return fc.boolean();
    case "string":
      return text;
    default:
      return fc.integer({ min: -2, max: 300 });
  }
}

const META = fc.record({ progressToken: id }, { requiredKeys: [] });

const OTHERS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  ping: fc.constant({}),
  "tools/list": fc.record({ cursor: text }, { requiredKeys: [] }),
  "resources/list": fc.record({ cursor: text }, { requiredKeys: [] }),
  "resources/templates/list": fc.constant({}),
  "resources/read": fc.record({
    uri: fc.oneof(
      text,
      fc.constantFrom("task://t1", "task://t1/brief", "task://t2/artifacts/a", "task://t1/checkpoints/1"),
      text.map((part) => `task://${part}`),
      text.map((part) => `task://t1/artifacts/${part}`),
    ),
  }),
  "resources/subscribe": fc.record({ uri: text }),
  "resources/unsubscribe": fc.record({ uri: text }),
  "prompts/list": fc.constant({}),
  "prompts/get": fc.record({
    name: fc.constantFrom("resume_task", "save_progress", "hand_off", "nope"),
    arguments: fc.record({ task_id: text, status: text, to_agent: text }, { requiredKeys: [] }),
  }),
  "completion/complete": fc.record({
    ref: fc.constantFrom(
      { type: "ref/prompt", name: "resume_task" },
      { type: "ref/resource", uri: "task://{task_id}" },
    ),
    argument: fc.record({ name: fc.constantFrom("task_id", "agent", "status"), value: text }),
  }),
  "logging/setLevel": fc.record({ level: text }),
  "server/discover": fc.constant({}),
  "subscriptions/listen": fc.record({
    notifications: fc.record({ resourceSubscriptions: fc.array(text, { maxLength: 3 }) }),
  }),
  "no/such/method": nasty,
};

const otherRequest = fc.constantFrom(...Object.entries(OTHERS)).chain(([method, params]) =>
  fc.record({
    jsonrpc: fc.constant("2.0"),
    id,
    method: fc.constant(method),
    params: fc.tuple(params, META).map(([given, _meta]) => ({ ...Object(given), _meta })),
  }),
);

const notification = fc.oneof(
  fc.record({
    jsonrpc: fc.constant("2.0"),
    method: fc.constant("notifications/cancelled"),
    params: fc.record({ requestId: id, reason: text }),
  }),
  fc.record({
    jsonrpc: fc.constant("2.0"),
    method: fc.constantFrom("notifications/initialized", "notifications/progress", "notifications/none", "ping"),
    params: nasty,
  }),
);

const response = fc.oneof(
  fc.record({ jsonrpc: fc.constant("2.0"), id, result: nasty }),
  fc.record({ jsonrpc: fc.constant("2.0"), id, error: nasty }),
);

/** A message of 2026-07-28; some envelopes are torn. */
function enveloped(message: unknown): fc.Arbitrary<unknown> {
  const members: Members = { ...Object(message) };
  const params: Members = { ...Object(members["params"]) };
  const torn = fc
    .tuple(fc.constantFrom(...Object.keys(ENVELOPE)), nasty)
    .map(([key, value]) => ({ ...ENVELOPE, [key]: value }));
  const envelope = fc.oneof({ weight: 6, arbitrary: fc.constant(ENVELOPE) }, { weight: 1, arbitrary: torn });
  return envelope.map((given) => ({
    ...members,
    params: { ...params, _meta: { ...Object(params["_meta"]), ...given } },
  }));
}

/** Headers that do not fit, or not quite; an empty value leaves the header out. */
const headers: fc.Arbitrary<Record<string, string>> = fc.dictionary(
  fc.constantFrom(
    "mcp-protocol-version",
    "mcp-method",
    "mcp-name",
    "mcp-session-id",
    "mcp-param-task",
    "last-event-id",
  ),
  fc.constantFrom(
    "",
    "2025-11-25",
    "2026-07-28",
    "2099-01-01",
    "tools/call",
    "ping",
    "=?base64?dDE=?=",
    "=?base64?%?=",
    "x,y",
    "_1",
  ),
  { minKeys: 1, maxKeys: 2 },
);

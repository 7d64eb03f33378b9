import { describe, expect, test } from "bun:test";
import { INSTRUCTIONS } from "../../src/protocol/server-info.ts";
import { TOOLS } from "../../src/tools/table.ts";
import { call, connect, freshStore, transports } from "../support/server.ts";

const client = await connect(transports.stdio(freshStore()));
const { tools } = await client.listTools();

interface Node {
  path: string;
  schema: Record<string, unknown>;
}

/** A schema and everything in it that is a schema. */
function nodesOf(value: unknown, path: string): Node[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [];
  }
  const schema = { ...value };
  const below = Object.entries(schema).flatMap(([key, inner]) =>
    key === "properties"
      ? Object.entries(Object(inner)).flatMap(([name, property]) => nodesOf(property, `${path}.${name}`))
      : key === "items"
        ? nodesOf(inner, `${path}[]`)
        : [],
  );
  return [{ path, schema }, ...below];
}

const inputs = tools.flatMap(({ name, inputSchema }) => nodesOf(inputSchema, name));
const outputs = tools.flatMap(({ name, outputSchema }) => nodesOf(outputSchema, `${name} →`));
const where = (nodes: Node[], rule: (schema: Record<string, unknown>) => boolean) =>
  nodes.filter(({ schema }) => rule(schema)).map(({ path }) => path);

describe("the published tools", () => {
  test("are pinned: a change of any schema is a decision", () => {
    for (const tool of tools) {
      expect(tool).toMatchSnapshot(tool.name);
    }
  });

  test("are the seed's eight and two more, in this order", () => {
    expect(tools.map(({ name }) => name)).toEqual([
      "create_task",
      "get_task",
      "save_checkpoint",
      "handoff_task",
      "claim_task",
      "mark_exhausted",
      "attach_artifact",
      "get_artifact",
      "list_tasks",
      "update_task",
    ]);
  });

  test("have a title, and a description of at most 300 characters that says when to use them", () => {
    for (const { name, title, description = "" } of tools) {
      expect(name).toMatch(/^[a-z]+_[a-z]+$/);
      expect(title).toBeTruthy();
      expect(description.length).toBeGreaterThan(80);
      expect(description.length).toBeLessThanOrEqual(300);
    }
  });

  test("hint at what they do, where that is not what the protocol assumes of a tool without hints", () => {
    // A repeat of create_task without an id makes another task, one of claim_task takes another.
    const reads = { readOnlyHint: true, openWorldHint: false };
    const adds = { destructiveHint: false, openWorldHint: false };
    const sets = { destructiveHint: false, idempotentHint: true, openWorldHint: false };
    expect(Object.fromEntries(tools.map(({ name, annotations }) => [name, { ...annotations }]))).toEqual({
      create_task: adds,
      get_task: reads,
      save_checkpoint: sets,
      handoff_task: sets,
      claim_task: adds,
      mark_exhausted: sets,
      attach_artifact: sets,
      get_artifact: reads,
      list_tasks: reads,
      update_task: sets,
    });
    for (const { name, effect } of TOOLS) {
      const [tool] = tools.filter((published) => published.name === name);
      expect(tool?.annotations?.readOnlyHint ?? false).toBe(effect === "read");
    }
  });

  test("promise of their answers only what every one of them holds", () => {
    for (const { name, outputSchema } of tools) {
      const promised = Object.keys(outputSchema?.properties ?? {});
      const { type, required = [], properties = {}, ...more } = outputSchema ?? {};
      expect({ type, required, more }).toEqual({ type: "object", required: promised, more: {} });
      expect(Object.keys(properties).length === 0).toBe(name === "claim_task");
    }
  });

  test("keep to what every client accepts", () => {
    expect(inputs.length).toBeGreaterThan(60);
    expect(outputs.length).toBeGreaterThan(20);
    const all = [...inputs, ...outputs];
    expect(
      where(all, (schema) =>
        ["anyOf", "oneOf", "allOf", "not", "$ref", "$defs", "$schema", "const"].some((key) => key in schema),
      ),
    ).toEqual([]);
    expect(where(all, (schema) => typeof schema["type"] !== "string")).toEqual([]);
    expect(where(all, (schema) => schema["type"] === "array" && nodesOf(schema["items"], "").length === 0)).toEqual([]);
    expect(
      where(
        all,
        ({ type, minimum, maximum }) =>
          type === "integer" && !(Number.isSafeInteger(minimum) && Number.isSafeInteger(maximum)),
      ),
    ).toEqual([]);
    expect(
      where(all, (schema) => "pattern" in schema || "format" in schema || "additionalProperties" in schema),
    ).toEqual([]);
  });

  test("describe every argument in a few words", () => {
    const undescribed = inputs.filter(
      ({ path, schema }) => /[.]\w+$/.test(path) && typeof schema["description"] !== "string",
    );
    expect(undescribed.map(({ path }) => path)).toEqual([]);
    expect(where(inputs, ({ description }) => typeof description === "string" && description.length > 80)).toEqual([]);
  });

  test("cost at most 2,500 tokens to choose from and 3,000 in all", () => {
    const tokens = (value: unknown) => JSON.stringify(value).length / 4;
    const asked = tools.map(({ name, title, description, inputSchema }) => ({ name, title, description, inputSchema }));
    expect(tokens(asked)).toBeLessThanOrEqual(2500);
    expect(tokens({ tools })).toBeLessThanOrEqual(3000);
    expect(new TextEncoder().encode(INSTRUCTIONS).length).toBeLessThan(2048);
  });
});

describe("answers", () => {
  test("a whole handoff is five calls and under 450 tokens", async () => {
    const answers = [
      await call(client, "create_task", {
        title: "Fix login bug",
        goal: "Resolve auth error on /login",
        repo_path: "/home/dev/app",
      }),
    ];
    const { task_id } = answers[0] ?? {};
    const steps = ["Reproduced bug", "Found root cause in auth/login.py:42"];
    answers.push(
      await call(client, "save_checkpoint", {
        task_id,
        agent: "a",
        completed_steps: steps,
        remaining_steps: ["Implement fix"],
        resume_prompt: "Fix null check in auth/login.py line 42",
      }),
      await call(client, "handoff_task", { task_id, from_agent: "a", to_agent: "b", reason: "Context limit reached" }),
      await call(client, "claim_task", { task_id, agent: "b" }),
      await call(client, "update_task", { task_id, agent: "b", status: "done", completed_steps: [...steps, "Fixed"] }),
    );
    expect(answers[3]?.["brief"]).toContain("Fix null check");
    expect(JSON.stringify(answers).length / 4).toBeLessThan(450);
  });

  test("a list row costs at most 16 tokens beyond id and title when unowned, 30 with an owner", async () => {
    await call(client, "create_task", { task_id: "row", title: "Title", goal: "" });
    const cost = async () => {
      const { tasks } = await call(client, "list_tasks", { limit: 1 });
      return (JSON.stringify(Array.isArray(tasks) ? tasks[0] : "").length - "row".length - "Title".length) / 4;
    };
    expect(await cost()).toBeLessThanOrEqual(16);
    await call(client, "save_checkpoint", { task_id: "row", agent: "claude-code" });
    expect(await cost()).toBeLessThanOrEqual(30);
  });

  test("hold the same value as text and as structured content", async () => {
    const { content, structuredContent } = await client.callTool({ name: "get_task", arguments: { task_id: "row" } });
    expect(JSON.parse(Array.isArray(content) ? content[0].text : "")).toEqual(structuredContent);
    expect(JSON.stringify(structuredContent)).not.toContain("null");
  });
});

import { z } from "zod";
import { TOOLS } from "../tools/table.ts";
import type { Tool } from "../tools/tool.ts";

/** A tool as clients are shown it; JSON and nothing else. */
export interface PublishedTool {
  name: string;
  title: string;
  description: string;
  inputSchema: JsonSchema;
  outputSchema: JsonSchema;
  annotations: Record<string, boolean>;
}

/** A JSON Schema, as far as clients of all vendors accept it. */
export interface JsonSchema {
  [keyword: string]: unknown;
}

/** The whole table as `tools/list` publishes it. Runs at build time. */
export function publishedTools(): PublishedTool[] {
  return TOOLS.map(publish);
}

function publish({ name, title, description, effect, input, output }: Tool): PublishedTool {
  return {
    name,
    title,
    description,
    inputSchema: schemaOf(input, "input"),
    outputSchema: promiseOf(output),
    annotations: hintsOf(name, effect),
  };
}

const ADDS = new Set(["create_task", "claim_task"]);

/**
 * What an agent's host may assume, as far as it differs from what the protocol lets it assume otherwise. Nothing is ever
 * lost (history keeps it), and no tool reaches beyond the store. A repeat changes nothing, save of what adds: without a
 * task_id, create_task makes another task and claim_task takes another.
 */
function hintsOf(name: string, effect: Tool["effect"]): Record<string, boolean> {
  return effect === "read"
    ? { readOnlyHint: true, openWorldHint: false }
    : { destructiveHint: false, ...(!ADDS.has(name) && { idempotentHint: true }), openWorldHint: false };
}

/** Keywords that some client refuses, or that tell a model nothing. */
const DROPPED = new Set([
  "$schema",
  "additionalProperties",
  "pattern",
  "format",
  "contentEncoding",
  "readOnly",
  "minLength",
  "maxItems",
]);

function schemaOf(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const { properties, ...json } = strip(z.toJSONSchema(schema, { io }));
  return { ...json, properties };
}

/** What every answer of the tool holds; what some hold goes unsaid, since answers may always hold more. */
function promiseOf(output: z.ZodObject): JsonSchema {
  const always = Object.entries(output.shape).filter(([, field]) => !field.safeParse(undefined).success);
  return schemaOf(z.object(Object.fromEntries(always)), "output");
}

function strip(schema: JsonSchema): JsonSchema {
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([keyword, value]) => !DROPPED.has(keyword) && !(keyword === "properties" && isEmpty(value)))
      .map(([keyword, value]) => [keyword, keyword === "properties" ? stripEach(value) : stripValue(value)]),
  );
}

function stripEach(properties: unknown): unknown {
  return isSchema(properties)
    ? Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, stripValue(schema)]))
    : properties;
}

function stripValue(value: unknown): unknown {
  return isSchema(value) ? strip(value) : value;
}

function isEmpty(value: unknown): boolean {
  return isSchema(value) && Object.keys(value).length === 0;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

import { publishedTools } from "./published-tools.ts" with { type: "macro" };

/** Schemas are made when the executable is built, by a macro: zod is not loaded for them. */
const PUBLISHED = publishedTools();

/** `tools/list`: always the same tools in the same order. */
export function listTools() {
  return { tools: PUBLISHED };
}

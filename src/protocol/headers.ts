import { quote } from "../domain/clean.ts";
import type { HandlerTable } from "./handlers.ts";
import { isMembers, type Members } from "./jsonrpc.ts";

/** The parameter that `Mcp-Name` repeats, by method. */
const NAMED: Readonly<Record<string, string>> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
};

const SENTINELS = /^=\?base64\?(.*)\?=$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** How the headers of a 2026-07-28 request disagree with its body, if they do. */
export function headerFault(
  table: HandlerTable,
  method: string,
  params: Members,
  headers: Headers,
): string | undefined {
  if (headers.get("mcp-method") !== method) {
    return `Mcp-Method must be ${quote(method)}`;
  }
  const parameter = Object.hasOwn(NAMED, method) ? NAMED[method] : method.startsWith("tasks/") ? "taskId" : undefined;
  const named = parameter === undefined ? undefined : params[parameter];
  if (parameter !== undefined && table.methods.has(method) && decoded(headers.get("mcp-name")) !== named) {
    return `Mcp-Name must be the body's params.${parameter}`;
  }
  const schema = method === "tools/call" && typeof named === "string" ? table.inputSchema?.(named) : undefined;
  const args = isMembers(params["arguments"]) ? params["arguments"] : {};
  return schema === undefined ? undefined : parameterFault(schema, args, headers);
}

/** Arguments whose schema says `x-mcp-header` are repeated as `Mcp-Param-<name>`. */
function parameterFault(schema: Members, args: Members, headers: Headers): string | undefined {
  const properties = isMembers(schema["properties"]) ? schema["properties"] : {};
  for (const [name, property] of Object.entries(properties)) {
    const value = args[name];
    if (!isMembers(property) || value === undefined || value === null) {
      continue;
    }
    const header = property["x-mcp-header"];
    if (typeof header === "string" && !matches(decoded(headers.get(`mcp-param-${header}`)), value)) {
      return `Mcp-Param-${header} must be argument ${name}`;
    }
    const inner =
      property["type"] === "object" && isMembers(value) ? parameterFault(property, value, headers) : undefined;
    if (inner !== undefined) {
      return inner;
    }
  }
  return undefined;
}

function matches(header: string | undefined, value: unknown): boolean {
  if (header === undefined) {
    return false;
  }
  return typeof value === "number" ? header.trim() !== "" && Number(header) === value : header === String(value);
}

/** A header's value as the specification's "Value Encoding" has it: plain ASCII, or Base64 between sentinels. */
function decoded(value: string | null): string | undefined {
  const encoded = SENTINELS.exec(value ?? "")?.[1];
  if (encoded === undefined) {
    return value !== null && /^[\t -~]*$/.test(value) ? value : undefined;
  }
  if (!BASE64.test(encoded)) {
    return undefined;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(encoded, "base64"));
  } catch {
    return undefined;
  }
}

import { description, name, version } from "../package.json";
import { SERVER_INFO } from "../src/protocol/server-info.ts";
import { SETTINGS, type Setting } from "../src/settings.ts";

/** A placeholder where no repository is known, since the schema demands an owner; claims nobody's name. */
export const UNDECIDED = "mcp-task-server/mcp-task-server";

/**
 * The GitHub repository, `owner/name`, whose releases hold the bundles and whose owner may publish them. THE one thing
 * to set before publishing; in a workflow GitHub sets it.
 */
export const RELEASED_BY = Bun.env["GITHUB_REPOSITORY"] || UNDECIDED;

/** A bundle as the registry points to it. */
export interface Bundle {
  file: string;
  sha256: string;
}

/** The server.json that the MCP registry takes. It refuses a bundle with a version beside the one in its address. */
export function serverJson(bundles: readonly Bundle[], repository: string) {
  const [, owner] = /^([a-z\d][a-z\d-]{0,38})\/[\w.-]+$/i.exec(repository) ?? [];
  if (owner === undefined) {
    throw new Error(`Cannot name repository "${repository}": owner/name is accepted, as GitHub names it`);
  }
  return {
    $schema: "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
    name: `io.github.${owner}/${name}`,
    title: SERVER_INFO.title,
    description,
    version,
    packages: bundles.map(({ file, sha256 }) => ({
      registryType: "mcpb",
      identifier: `https://github.com/${repository}/releases/download/v${version}/${file}`,
      fileSha256: sha256,
      transport: { type: "stdio" },
      environmentVariables: SETTINGS.flatMap(environmentVariable),
    })),
  };
}

/** What a variable sets. A fallback in words is no value that a client may fill in: the description tells it. */
function environmentVariable({ env, fallback, meaning }: Setting) {
  if (env === undefined) {
    return [];
  }
  const inWords = fallback?.includes(" ") ?? false;
  return [
    {
      name: env,
      description: inWords ? `${meaning} (default: ${fallback})` : meaning,
      isRequired: false,
      ...(fallback !== undefined && !inWords && { default: fallback }),
    },
  ];
}

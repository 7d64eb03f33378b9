import type { McpbManifestAny } from "@anthropic-ai/mcpb";
import { description, license, name, version } from "../package.json";
import { publishedTools } from "../src/protocol/published-tools.ts";
import { SERVER_INFO } from "../src/protocol/server-info.ts";
import type { Target } from "./package-targets.ts";

/** What the person who installs a bundle can set, and the variable it becomes. */
const USER_CONFIG = {
  agent: {
    variable: "MCP_TASK_AGENT",
    option: {
      type: "string",
      title: "Agent name",
      description: "Who this client is when a call names no agent; each client needs a name of its own",
      required: false,
      default: "claude-desktop",
    },
  },
  base_dir: {
    variable: "MCP_TASK_BASE_DIR",
    option: {
      type: "directory",
      title: "Data folder",
      description: "Where the tasks are kept; empty is the default folder, which all your agents share",
      required: false,
      // Without a default, hosts hand over "${user_config.base_dir}" as it stands; an empty value is an unset one.
      default: "",
    },
  },
} as const;

/** The manifest.json of the bundle for one target. */
export function bundleManifest(target: Target): McpbManifestAny {
  const command = "server/mcp-task-server";
  const windows = target.platform === "win32";
  const settings = Object.entries(USER_CONFIG);
  return {
    manifest_version: "0.3",
    name,
    display_name: SERVER_INFO.title,
    version,
    description,
    long_description: `${description}. This bundle is for ${target.machine}.`,
    author: { name: "The mcp-task-server authors" },
    license,
    server: {
      type: "binary",
      entry_point: windows ? `${command}.exe` : command,
      mcp_config: {
        command: inBundle(command),
        args: [],
        env: Object.fromEntries(settings.map(([key, { variable }]) => [variable, `\${user_config.${key}}`])),
        ...(windows && { platform_overrides: { win32: { command: inBundle(`${command}.exe`) } } }),
      },
    },
    tools: publishedTools().map((tool) => ({ name: tool.name, description: tool.description })),
    compatibility: { platforms: [target.platform] },
    user_config: Object.fromEntries(settings.map(([key, { option }]) => [key, option])),
  };
}

/** The README.md of the bundle for one target. */
export function bundleReadme(target: Target): string {
  const options = Object.values(USER_CONFIG).map(({ option }) => `- ${option.title}: ${option.description}.`);
  return `# ${SERVER_INFO.title} ${version}

${description}. This bundle is for ${target.machine}.

${options.join("\n")}

License: ${license}.
`;
}

/** A path in the bundle, as hosts resolve it once it is unpacked. */
function inBundle(path: string): string {
  return `\${__dirname}/${path}`;
}

import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { getMcpConfigForManifest, unpackExtension, v0_3 } from "@anthropic-ai/mcpb";
import { z } from "zod";
import { license, name, version } from "../package.json";
import { packageFolder, packBundle } from "../scripts/package.ts";
import { bundleManifest } from "../scripts/package-manifest.ts";
import { serverJson } from "../scripts/package-server-json.ts";
import { bundleName, executableName, TARGETS, type Target } from "../scripts/package-targets.ts";
import { resolveConfig } from "../src/config.ts";
import { SETTINGS } from "../src/settings.ts";
import { TOOLS } from "../src/tools/table.ts";
import { temporaryFolder } from "./support/folder.ts";

/** What the registry's schema of 2025-12-11 and its publishing rules ask of a server.json of bundles. */
const ServerJson = z.strictObject({
  $schema: z.literal("https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"),
  name: z
    .string()
    .max(200)
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9.-]*[a-zA-Z0-9]\/[a-zA-Z0-9][a-zA-Z0-9._-]*[a-zA-Z0-9]$/),
  title: z.string().min(1).max(100),
  description: z.string().min(1).max(100),
  version: z
    .string()
    .max(255)
    .regex(/^\d+\.\d+\.\d+(?:-[\w.-]+)?$/),
  packages: z
    .array(
      // The address says version and place; the registry refuses `version` and `registryBaseUrl` beside it.
      z.strictObject({
        registryType: z.literal("mcpb"),
        identifier: z
          .string()
          .regex(/^https:\/\/github\.com\/[a-zA-Z0-9][a-zA-Z0-9-]{0,38}\/[\w.-]+\/releases\/download\/[^/]+\/[^/]+$/)
          .regex(/mcp/i),
        fileSha256: z.string().regex(/^[a-f0-9]{64}$/),
        transport: z.strictObject({ type: z.literal("stdio") }),
        environmentVariables: z.array(
          z.strictObject({
            name: z.string().regex(/^[A-Z][A-Z0-9_]*$/),
            description: z.string().min(1),
            isRequired: z.literal(false),
            default: z.string().regex(/^\S+$/).optional(),
          }),
        ),
      }),
    )
    .min(1),
});

const MANIFESTS = TARGETS.map((target) => ({ target, file: bundleName(target), manifest: bundleManifest(target) }));
const LINUX = named("linux-x64");
const WINDOWS = named("windows-x64");

describe("manifest.json", () => {
  test.each(MANIFESTS)("of $file is valid and starts what the bundle holds", ({ target, manifest }) => {
    expect(v0_3.McpbManifestSchema.safeParse(manifest).error).toBeUndefined();
    expect(manifest).toMatchObject({ name, version, license, compatibility: { platforms: [target.platform] } });
    const executable = `server/mcp-task-server${target.platform === "win32" ? ".exe" : ""}`;
    const { command, platform_overrides: overrides } = manifest.server.mcp_config ?? {};
    expect(target.name).toStartWith(target.platform === "win32" ? "windows-" : `${target.platform}-`);
    expect(manifest.server.entry_point).toBe(executable);
    expect(overrides?.[target.platform]?.command ?? command).toBe(`\${__dirname}/${executable}`);
    expect(manifest.tools?.map((tool) => tool.name)).toEqual(TOOLS.map((tool) => tool.name));
    expect(manifest.long_description).toEndWith(` ${target.machine}.`);
  });

  test.each(["version", "author", "server"])("without %s is refused, and no bundle is written", async (field) => {
    const bundle = join(temporaryFolder(), "broken.mcpb");
    const manifest = { ...bundleManifest(LINUX), [field]: undefined };
    const packing = packBundle({ manifest, readme: "", executable: process.execPath, bundle });
    await expect(packing).rejects.toThrow(`its manifest is not valid: ${field}: Required`);
    expect(existsSync(bundle)).toBe(false);
  });

  test("is written for the schema that refuses what it does not know", () => {
    const { error } = v0_3.McpbManifestSchema.safeParse({ ...bundleManifest(LINUX), repository_url: "none" });
    expect(error?.message).toContain("repository_url");
  });

  // The library is what hosts resolve a manifest with; "${user_config.x}" stays where x has no value and no default.
  const unset = resolveConfig({}, {}, () => undefined);
  test.each([
    { user: "sets nothing", set: {}, agent: "claude-desktop", db: unset.db },
    { user: "empties both", set: { agent: "", base_dir: "" }, agent: undefined, db: unset.db },
    { user: "sets both", set: { agent: "ada", base_dir: "/picked" }, agent: "ada", db: resolve("/picked", "tasks.db") },
  ])("gives the server its agent and its store where the user $user", async ({ set, agent, db }) => {
    const resolved = await getMcpConfigForManifest({
      manifest: bundleManifest(LINUX),
      extensionPath: "/installed",
      systemDirs: { HOME: "/home/ada" },
      userConfig: set,
      pathSeparator: "/",
    });
    expect(resolved?.command).toBe("/installed/server/mcp-task-server");
    expect(resolveConfig({}, resolved?.env ?? {}, () => undefined)).toMatchObject({ agent, db });
  });
});

describe("server.json", () => {
  const bundles = TARGETS.map((target) => ({ file: bundleName(target), sha256: "0".repeat(64) }));
  const made = serverJson(bundles, "ada/handoffs");

  test("is what the registry takes, with a package for every target", () => {
    expect(ServerJson.safeParse(made).error).toBeUndefined();
    expect(made.name).toBe(`io.github.ada/${name}`);
    expect(made.packages.map(({ identifier }) => identifier)).toEqual(
      TARGETS.map(
        (target) => `https://github.com/ada/handoffs/releases/download/v${version}/mcp-task-server-${target.name}.mcpb`,
      ),
    );
  });

  test("names every variable of the settings; a default is a value, never a sentence", () => {
    const variables = made.packages[0]?.environmentVariables ?? [];
    expect(variables.map((variable) => variable.name)).toEqual(SETTINGS.flatMap(({ env }) => env ?? []));
    expect(variables).toContainEqual(expect.objectContaining({ name: "MCP_TASK_DB_PATH", default: "tasks.db" }));
    expect(variables).toContainEqual({
      name: "MCP_TASK_AGENT",
      description: "Agent of calls that name none (default: the client's name)",
      isRequired: false,
    });
  });

  test.each(["", "handoffs", "a_b/handoffs", "ada/hand/offs"])("is not made for the repository %p", (repository) => {
    expect(() => serverJson(bundles, repository)).toThrow("owner/name is accepted");
  });

  test.each([
    ["without a version", { ...made, version: undefined }],
    ["with a name of no namespace", { ...made, name }],
    ["with a long description", { ...made, description: "d".repeat(101) }],
    ["without a package", { ...made, packages: [] }],
    ["with a checksum of other digits", serverJson([{ file: "a.mcpb", sha256: "F".repeat(64) }], "ada/handoffs")],
    ["with a version beside the address", { ...made, packages: made.packages.map((one) => ({ ...one, version })) }],
  ])("%s would be found", (_, wrong) => {
    expect(ServerJson.safeParse(wrong).success).toBe(false);
  });
});

describe.skipIf(process.platform === "win32")("bundles", () => {
  test("of the executables in a folder hold them, executable, and are checksummed", async () => {
    const folder = temporaryFolder();
    const text = "#!/bin/sh\necho packaged\n";
    // As a workflow's artifact brings them: without the executable bit.
    writeFileSync(join(folder, executableName(LINUX)), text, { mode: 0o644 });
    writeFileSync(join(folder, executableName(WINDOWS)), "MZ");
    await packageFolder(folder);
    const files = [LINUX, WINDOWS].flatMap((target) => [executableName(target), bundleName(target)]);
    expect(readdirSync(folder).sort()).toEqual([...files, "SHA256SUMS", "server.json"].sort());

    const unpacked = join(folder, "unpacked");
    await unpackExtension({ mcpbPath: join(folder, bundleName(LINUX)), outputDir: unpacked, silent: true });
    expect(readdirSync(unpacked, { recursive: true }).sort()).toEqual(
      ["LICENSE", "README.md", "manifest.json", "server", "server/mcp-task-server"].sort(),
    );
    const entry = join(unpacked, "server", "mcp-task-server");
    expect(statSync(entry).mode & 0o777).toBe(0o755);
    expect(Bun.spawnSync([entry]).stdout.toString()).toBe("packaged\n");
    expect(JSON.parse(readFileSync(join(unpacked, "manifest.json"), "utf8"))).toEqual(bundleManifest(LINUX));
    expect(readFileSync(join(unpacked, "README.md"), "utf8")).toContain(`for ${LINUX.machine}.`);
    await unpackExtension({ mcpbPath: join(folder, bundleName(WINDOWS)), outputDir: unpacked, silent: true });
    expect(readFileSync(`${entry}.exe`, "utf8")).toBe("MZ");

    const sums = readFileSync(join(folder, "SHA256SUMS"), "utf8");
    const names = [...files, "server.json"];
    expect(sums.split("\n").filter(Boolean).sort()).toEqual(
      names.map((file) => `${sha256(folder, file)}  ${file}`).sort(),
    );
    const { packages } = ServerJson.parse(JSON.parse(readFileSync(join(folder, "server.json"), "utf8")));
    expect(packages.map(({ fileSha256 }) => fileSha256)).toEqual(
      [LINUX, WINDOWS].map((target) => sha256(folder, bundleName(target))),
    );
  });

  test("a folder without an executable is refused, naming what is accepted", async () => {
    await expect(packageFolder(temporaryFolder())).rejects.toThrow(/accepted are mcp-task-server-linux-x64, .*\.exe$/);
  });
});

function named(wanted: string): Target {
  const found = TARGETS.find((target) => target.name === wanted);
  if (found === undefined) {
    throw new Error(`Cannot find target "${wanted}"`);
  }
  return found;
}

function sha256(folder: string, file: string): string {
  return new Bun.CryptoHasher("sha256").update(readFileSync(join(folder, file))).digest("hex");
}

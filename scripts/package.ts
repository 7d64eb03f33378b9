// Makes what people install from the executables in a folder: a .mcpb bundle of each, server.json, SHA256SUMS.
// bun scripts/package.ts <folder>; `bun run build --all` ends with the same step.
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { packExtension, v0_3 } from "@anthropic-ai/mcpb";
import { bundleManifest, bundleReadme } from "./package-manifest.ts";
import { type Bundle, RELEASED_BY, serverJson, UNDECIDED } from "./package-server-json.ts";
import { bundleName, executableName, TARGETS } from "./package-targets.ts";

if (import.meta.main) {
  try {
    const [folder] = Bun.argv.slice(2);
    if (folder === undefined) {
      throw new Error("Cannot package: a folder of executables is accepted");
    }
    await packageFolder(folder);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}

/** Packages the executables that lie in a folder, whichever these are; what it made before is replaced. */
export async function packageFolder(folder: string): Promise<void> {
  const present = TARGETS.filter((target) => existsSync(join(folder, executableName(target))));
  if (present.length === 0) {
    throw new Error(`Cannot package "${folder}": accepted are ${TARGETS.map(executableName).join(", ")}`);
  }
  const bundles: Bundle[] = [];
  for (const target of present) {
    const file = bundleName(target);
    await packBundle({
      manifest: bundleManifest(target),
      readme: bundleReadme(target),
      executable: join(folder, executableName(target)),
      bundle: join(folder, file),
    });
    bundles.push({ file, sha256: await sha256(join(folder, file)) });
    process.stderr.write(`packed ${file}, ${Bun.file(join(folder, file)).size} bytes\n`);
  }
  await Bun.write(join(folder, "server.json"), json(serverJson(bundles, RELEASED_BY)));
  if (RELEASED_BY === UNDECIDED) {
    process.stderr.write(`server.json is of ${UNDECIDED}; set GITHUB_REPOSITORY to its repository before publishing\n`);
  }
  await writeSums(folder, [...present.map(executableName), ...bundles.map(({ file }) => file), "server.json"]);
}

/** Packs one bundle. Throws if the manifest is not valid. */
export async function packBundle({ manifest, readme, executable, bundle }: BundleParts): Promise<void> {
  if (process.platform === "win32") {
    throw new Error(
      `Cannot pack "${bundle}": on Windows its executable bit would be lost; accepted are Linux and macOS`,
    );
  }
  const { data, error } = v0_3.McpbManifestSchema.safeParse(manifest);
  if (data === undefined) {
    const issues = error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new Error(`Cannot pack "${bundle}": its manifest is not valid: ${issues.join("; ")}`);
  }
  const staging = mkdtempSync(join(tmpdir(), "mcpb-"));
  try {
    const entry = join(staging, data.server.entry_point);
    mkdirSync(dirname(entry));
    copyFileSync(executable, entry);
    // A workflow's artifact has lost the executable bit.
    chmodSync(entry, 0o755);
    copyFileSync(join(import.meta.dir, "..", "LICENSE"), join(staging, "LICENSE"));
    await Bun.write(join(staging, "README.md"), readme);
    await Bun.write(join(staging, "manifest.json"), json(data));
    if (!(await packExtension({ extensionPath: staging, outputPath: bundle, silent: true }))) {
      throw new Error(`Cannot pack "${bundle}": mcpb pack refuses it`);
    }
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** What a bundle is made of, and the path it is written to. */
interface BundleParts {
  manifest: object;
  readme: string;
  executable: string;
  bundle: string;
}

/** Writes SHA256SUMS for files of a folder, and shows it. */
export async function writeSums(folder: string, files: readonly string[]): Promise<void> {
  const lines = await Promise.all(files.map(async (file) => `${await sha256(join(folder, file))}  ${file}\n`));
  await Bun.write(join(folder, "SHA256SUMS"), lines.join(""));
  process.stderr.write(lines.join(""));
}

async function sha256(path: string): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256");
  for await (const part of Bun.file(path).stream()) {
    hash.update(part);
  }
  return hash.digest("hex");
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

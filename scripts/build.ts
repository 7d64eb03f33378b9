// Builds the executable: for this machine, or with --all for every target, with checksums in dist/SHA256SUMS.
import { mkdirSync } from "node:fs";
import { join } from "node:path";

/** Executables by the name users download them by. */
const TARGETS = [
  "linux-x64",
  "linux-x64-baseline",
  "linux-x64-musl",
  "linux-arm64",
  "darwin-x64",
  "darwin-arm64",
  "windows-x64",
] as const;

const root = join(import.meta.dir, "..");
const dist = join(root, "dist");

mkdirSync(dist, { recursive: true });
const outputs = Bun.argv.includes("--all")
  ? TARGETS.map((target) => build(`mcp-task-server-${target}`, target))
  : [build("mcp-task-server")];
const sums = await Promise.all(outputs.map(async (name) => `${await sha256(join(dist, name))}  ${name}\n`));
await Bun.write(join(dist, "SHA256SUMS"), sums.join(""));
process.stderr.write(sums.join(""));

/** Compiles one target and answers the name of its file in dist/. Throws with the compiler's words. */
function build(name: string, target?: (typeof TARGETS)[number]): string {
  const file = target?.startsWith("windows") ? `${name}.exe` : name;
  const { exitCode, stderr } = Bun.spawnSync({
    cmd: [
      process.execPath,
      "build",
      "--compile",
      ...(target === undefined ? [] : [`--target=bun-${target}`]),
      // Without these two, the executable would run code from the folder it is started in.
      "--no-compile-autoload-dotenv",
      "--no-compile-autoload-bunfig",
      // Bytecode makes the start fast; with top-level await it needs ESM. Splitting keeps what is lazy out of the start.
      "--bytecode",
      "--format=esm",
      "--splitting",
      "--minify",
      join(root, "src", "main.ts"),
      "--outfile",
      join(dist, file),
    ],
    cwd: root,
    stderr: "pipe",
  });
  if (exitCode !== 0) {
    throw new Error(`Cannot build ${file}: ${stderr.toString()}`);
  }
  return file;
}

async function sha256(path: string): Promise<string> {
  return new Bun.CryptoHasher("sha256").update(await Bun.file(path).bytes()).digest("hex");
}

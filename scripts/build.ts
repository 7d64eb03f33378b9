// Builds the executable: for this machine, or with --all for every target, then packaged. Checksums are in SHA256SUMS.
// With --entry and --outfile it compiles another program with the same flags, but for that of what only our start does, to be
// compared with.
import { mkdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { packageFolder, writeSums } from "./package.ts";
import { executableName, TARGETS, type Target } from "./package-targets.ts";

const root = join(import.meta.dir, "..");
const { all, outdir, entry, outfile } = parseArgs({
  options: {
    all: { type: "boolean", default: false },
    outdir: { type: "string", default: join(root, "dist") },
    entry: { type: "string" },
    outfile: { type: "string" },
  },
}).values;
const folder = resolve(outdir);

if (outfile !== undefined) {
  build(undefined, resolve(outfile));
  process.exit();
}
mkdirSync(folder, { recursive: true });
// One after the other: the compiler takes every core, and a target's line tells which one failed.
for (const target of all ? TARGETS : [undefined]) {
  const path = build(target);
  process.stderr.write(`built ${basename(path)}, ${Bun.file(path).size} bytes\n`);
}
await (all ? packageFolder(folder) : writeSums(folder, [executableName(undefined)]));

/** Compiles one target, or else for this machine, and answers the path. Ends the process when it cannot. */
function build(target: Target | undefined, path = join(folder, executableName(target))): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync({
    cmd: [
      process.execPath,
      "build",
      "--compile",
      // Another target's runtime comes from the npm registry, once; Bun keeps it in its cache.
      ...(target === undefined ? [] : [`--target=bun-${target.name}`]),
      // Without these two, the executable would run code from the folder it is started in.
      "--no-compile-autoload-dotenv",
      "--no-compile-autoload-bunfig",
      // Bytecode makes the start fast; with top-level await it needs ESM. Splitting keeps what is lazy out of the start.
      "--bytecode",
      "--format=esm",
      "--splitting",
      "--minify",
      // What runs once is interpreted: until `src/main.ts` says that the start is over, code is compiled a hundred times later.
      ...(entry === undefined ? ["--compile-jit-policy=100"] : []),
      entry === undefined ? join(root, "src", "main.ts") : resolve(entry),
      "--outfile",
      path,
    ],
    cwd: root,
    stdout: "pipe",
    stderr: "pipe",
  });
  if (exitCode !== 0) {
    process.stderr.write(`Cannot build ${basename(path)}: bun build ended with ${exitCode}\n${stdout}${stderr}`);
    process.exit(1);
  }
  return path;
}

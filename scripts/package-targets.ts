/** A machine that an executable is built for. */
export interface Target {
  /** The name users download by, and Bun compiles by. */
  name: string;
  platform: "linux" | "darwin" | "win32";
  /** What people call the machine; no manifest has a field for it. */
  machine: string;
}

/** Every machine there is an executable for. */
export const TARGETS: readonly Target[] = [
  { name: "linux-x64", platform: "linux", machine: "Linux on x64" },
  { name: "linux-x64-baseline", platform: "linux", machine: "Linux on x64 without AVX2" },
  { name: "linux-x64-musl", platform: "linux", machine: "Linux on x64 with musl, such as Alpine" },
  { name: "linux-arm64", platform: "linux", machine: "Linux on ARM64" },
  { name: "darwin-x64", platform: "darwin", machine: "macOS on Intel" },
  { name: "darwin-arm64", platform: "darwin", machine: "macOS on Apple silicon" },
  { name: "windows-x64", platform: "win32", machine: "Windows on x64" },
];

/** The executable's file; without a target, the one for this machine. */
export function executableName(target: Target | undefined): string {
  const suffix = target === undefined ? "" : `-${target.name}`;
  return `mcp-task-server${suffix}${target?.platform === "win32" ? ".exe" : ""}`;
}

/** The file of the bundle that holds a target's executable. */
export function bundleName(target: Target): string {
  return `mcp-task-server-${target.name}.mcpb`;
}

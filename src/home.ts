/** The user's home folder; `/` where neither HOME nor the machine knows one, as in a bare container. */
export function homeFolder(env: Readonly<Record<string, string | undefined>> = {}): string {
  // What `homedir` answers, without loading `node:os` for it.
  const home = process.platform === "win32" ? undefined : env["HOME"];
  try {
    return home || process.getBuiltinModule("node:os").homedir();
  } catch {
    return "/";
  }
}

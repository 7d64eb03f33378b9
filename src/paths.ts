const path = () => process.getBuiltinModule("node:path");

/** Whether it is an absolute POSIX path that stands for itself: no empty part, none of dots alone, no slash at its end. */
function isPlain(text: string): boolean {
  const parts = `${text}/`;
  const odd = parts.includes("//") || parts.includes("/./") || parts.includes("/../");
  return process.platform !== "win32" && text.startsWith("/") && !odd;
}

/**
 * What `resolve` of `node:path` answers, without loading it where there is nothing to be resolved: it takes longer than to
 * read the header of the database.
 */
export function resolvePath(base: string, part: string): string {
  const whole = part.startsWith("/") ? part : `${base}/${part}`;
  return isPlain(whole) ? whole : path().resolve(base, part);
}

/** The folder that `file` lies in, as `dirname` of `node:path` says it. */
export function folderOf(file: string): string {
  return isPlain(file) ? file.slice(0, Math.max(1, file.lastIndexOf("/"))) : path().dirname(file);
}

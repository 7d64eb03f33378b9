const children = new Set<Bun.Subprocess>();

/** A child process that ends with this one, whatever ends it. */
export function kept<Child extends Bun.Subprocess>(child: Child): Child {
  children.add(child);
  void child.exited.then(() => children.delete(child));
  return child;
}

process.on("exit", () => {
  for (const child of children) {
    child.kill("SIGKILL");
  }
});
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => process.exit(1));
}

// Raw bun:sqlite: `writes <database> <count>` writes so many checkpoints, one transaction each, and prints the milliseconds.
import { createRawWrite } from "./raw-write.ts";

const [path = "", count = "1"] = Bun.argv.slice(2);
const write = createRawWrite(path);
write();
const started = performance.now();
for (let done = 0; done < Number(count); done++) {
  write();
}
await Bun.write(Bun.stdout, `${performance.now() - started}\n`);

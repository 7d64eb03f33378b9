import { closeSync, createReadStream, createWriteStream, mkdirSync, openSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { createClock } from "../clock.ts";
import { type CommandLine, type Config, EXIT } from "../config.ts";
import { quote } from "../domain/clean.ts";
import { createToken } from "../id.ts";
import { openArtifactFolder } from "../store/artifact-folder.ts";
import { draftOf, removeDraft } from "../store/new-file.ts";
import { importInto } from "../store/sqlite/import.ts";
import { openDatabase } from "../store/sqlite/open.ts";
import { OperationRefusal } from "../store/store.ts";
import { count, type Outcome } from "./outcome.ts";

/** `import <file>`: adds the tasks of a bundle, all of them or none; `-` reads it from stdin. */
export async function importBundle({ operands: [file = ""] }: CommandLine, config: Config): Promise<Outcome> {
  if (file !== "-") {
    return importFile(resolve(file), config);
  }
  // A bundle is read more than once.
  const draft = draftOf(config.db);
  try {
    mkdirSync(dirname(config.db), { recursive: true, mode: 0o700 });
    await pipeline(createReadStream("", { fd: 0 }), createWriteStream(draft, { mode: 0o600, flags: "wx" }));
    return await importFile(draft, config);
  } finally {
    await removeDraft(draft);
  }
}

async function importFile(path: string, config: Config): Promise<Outcome> {
  const bundle = opened(path);
  try {
    const { db } = await openDatabase(config.db);
    try {
      const host = { now: createClock(), token: createToken };
      const { tasks, artifacts } = await importInto(db, openArtifactFolder(config.artifacts), bundle, host);
      const report = `${config.db}: ${count(tasks, "task")}, ${count(artifacts, "artifact")} imported\n`;
      return { report, exitCode: EXIT.ok };
    } finally {
      db.close();
    }
  } finally {
    closeSync(bundle);
  }
}

function opened(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new OperationRefusal(
      `Cannot read ${quote(path)}: ${code}; a file made by \`mcp-task-server export\` is accepted`,
    );
  }
}

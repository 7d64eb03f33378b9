import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { type CommandLine, type Config, EXIT } from "../config.ts";
import { openArtifactFolder } from "../store/artifact-folder.ts";
import { draftOf, placeFile, removeDraft } from "../store/new-file.ts";
import { bundleLines } from "../store/sqlite/export.ts";
import { openDatabase } from "../store/sqlite/open.ts";
import { print } from "../transport/stdio.ts";
import type { Outcome } from "./outcome.ts";

/** `export <file>`: the whole store as one bundle; `-` writes it to stdout once it is complete. */
export async function exportBundle({ operands: [file = ""], flags }: CommandLine, config: Config): Promise<Outcome> {
  if (file !== "-") {
    const path = resolve(file);
    let lines = 0;
    await placeFile(path, { replace: flags["force"] === true }, async (draft) => {
      lines = await writeBundle(config, draft);
    });
    return { report: `${path}: ${lines} lines\n`, exitCode: EXIT.ok };
  }
  const draft = draftOf(config.db);
  try {
    await writeBundle(config, draft);
    await print(Bun.file(draft));
    return { report: "", exitCode: EXIT.ok };
  } finally {
    await removeDraft(draft);
  }
}

/** How much is written at once, in characters. */
const BLOCK = 1024 * 1024;

async function writeBundle(config: Config, draft: string): Promise<number> {
  const { db } = await openDatabase(config.db);
  const file = await open(draft, "w", 0o600);
  try {
    let block = "";
    let lines = 0;
    for await (const line of bundleLines(db, openArtifactFolder(config.artifacts))) {
      block += line;
      lines++;
      if (block.length > BLOCK) {
        await file.writeFile(block);
        block = "";
      }
    }
    await file.writeFile(block);
    return lines;
  } finally {
    await file.close();
    db.close();
  }
}

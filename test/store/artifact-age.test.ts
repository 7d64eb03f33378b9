import { describe, expect, test } from "bun:test";
import { utimesSync } from "node:fs";
import { join } from "node:path";
import { openArtifactFolder } from "../../src/store/artifact-folder.ts";
import { temporaryFolder } from "../support/folder.ts";

describe("the artifacts folder", () => {
  test("never loses bytes that are kept while they are discarded", async () => {
    const folder = temporaryFolder();
    const [one, other] = [openArtifactFolder(folder), openArtifactFolder(folder)];
    const bytes = Buffer.from("the same");
    const sha256 = await one.keep(bytes);
    const outcomes = new Set<string>();
    for (let round = 0; round < 300; round++) {
      utimesSync(join(folder, sha256.slice(0, 2), sha256), 1000, 1000);
      const before = Date.now() - 1000;
      const later = async <T>(turns: number, act: () => Promise<T>) => {
        for (let turn = 0; turn < turns; turn++) {
          await new Promise(setImmediate);
        }
        return act();
      };
      const [, found] = await Promise.all([
        later(round % 7, () => one.keep(bytes)),
        later(round % 11, () => other.discard(sha256, before, false)),
      ]);
      outcomes.add(typeof found);
      expect(String((await one.read({ sha256, size: bytes.length })).bytes)).toBe("the same");
      expect((await one.list()).map((file) => file.sha256)).toEqual([sha256]);
    }
    expect([...outcomes].toSorted()).toEqual(["number", "string"]);
  });
});

import type { Drift, RepoState } from "../../src/domain/drift.ts";
import { openRepo } from "../../src/repo/open-repo.ts";
import { temporaryFolder } from "./folder.ts";

/** The product's reader of repositories, with this machine's PATH or another one. */
export const readerWith = (path: string | undefined = Bun.env["PATH"]) => openRepo({ path, home: temporaryFolder() });

const reader = readerWith();

/** A capture that must succeed, as it is stored. */
export async function captured(path: string, from = reader): Promise<RepoState> {
  const state = await from.capture(path);
  if ("unavailable" in state) {
    throw new Error(`no capture of ${path}: ${state.unavailable}`);
  }
  return JSON.parse(JSON.stringify(state));
}

/** Why there is no capture. */
export async function refused(path: string, from = reader): Promise<string> {
  const state = await from.capture(path);
  return "unavailable" in state ? state.unavailable : `captured: ${JSON.stringify(state)}`;
}

/** How a repository has drifted, as an answer tells it. */
export async function drifted(path: string, then: RepoState, from = reader): Promise<readonly Drift[]> {
  const report = await from.drift(path, then);
  if ("drift_unavailable" in report) {
    throw new Error(`no drift of ${path}: ${report.drift_unavailable}`);
  }
  return JSON.parse(JSON.stringify(report.drift));
}

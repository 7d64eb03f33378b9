import type { Artifact } from "../../src/domain/artifact.ts";
import type { BriefInput } from "../../src/domain/brief-material.ts";

/** A minute of the day on which all cases happen. */
export const at = (minute: number): string => `2026-01-01T00:${String(minute).padStart(2, "0")}:00.000Z`;

interface Overrides {
  task?: Partial<BriefInput["task"]>;
  progress?: Partial<BriefInput["progress"]>;
  checkpoint?: Partial<NonNullable<BriefInput["checkpoint"]>>;
  artifacts?: BriefInput["artifacts"];
  drift?: BriefInput["drift"];
}

/** A fresh task, changed as a case needs it. */
export function briefInput({ task, progress, checkpoint, artifacts = [], drift }: Overrides = {}): BriefInput {
  return {
    task: {
      task_id: "fix-login",
      title: "Fix login bug",
      goal: "Resolve auth error on /login",
      status: "open",
      priority: 2,
      tags: [],
      attempts: [],
      described_by: "planner",
      described_at: at(0),
      checkpoint_count: 0,
      version: 1,
      created_at: at(0),
      updated_at: at(0),
      ...task,
    },
    progress: { completed_steps: [], remaining_steps: [], test_results: [], ...progress },
    checkpoint: checkpoint === undefined ? undefined : { number: 1, created_at: at(1), ...checkpoint },
    artifacts,
    drift,
  };
}

/** An artifact attached at `minute`. */
export function artifact(minute: number, agent: string | undefined, name: string): Artifact {
  const described = {
    artifact_id: `a${minute}`,
    kind: "log",
    mime_type: "text/plain",
    size: 120,
    sha256: "0",
  } as const;
  return { ...described, name, agent, created_at: at(minute) };
}

const lease = (minute: number) => ({
  token: "token",
  seconds: 3600,
  version: 2,
  expires: { at: at(minute), uptime: 0 },
  left: 3600,
});
/** A task that `hermes` has. */
export const owned = { status: "in_progress", current_owner: "hermes", owned_since: at(3), lease: lease(59) } as const;
/** A checkpoint of the agent before. */
export const checkpoint = { agent: "claude-code" };
/** Where it left off. */
export const progress = {
  completed_steps: ["Reproduced bug", "Found root cause in auth/login.py:42"],
  remaining_steps: ["Implement fix"],
  resume_prompt: "Fix null check in auth/login.py line 42",
};
/** Its offer. */
export const handoff = { from_agent: "claude-code", offered_at: at(2), expires: { at: at(50), uptime: 0 } };
/** Why it made it. */
export const reason = "Context limit reached, fix not yet implemented";

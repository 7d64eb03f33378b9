import { ASSIGNED_SIGN, findAssigned } from "./assigned.ts";
import { type Finding, merged } from "./finding.ts";
import { findPrivateKeys, PRIVATE_KEY_SIGN } from "./private-key.ts";
import { type Rule, TOKEN_RULES } from "./tokens.ts";

/** What tells that the preset's rules could find something that they are asked for. */
const PRESET_SIGNS: readonly Pick<Rule, "sign" | "joint">[] = [
  {
    joint: "_",
    sign: "(?:gsk|hf|lin_api|ntn|figd|dckr_pat|glsa|glc|shppa|shpca|shpat|shpss|[sr]k_live|[sr]k_test|gh[oprsu]|github_pat|vc[aikpr]|cfk|cfut|cfat)_",
  },
  { joint: "-", sign: "(?:xox[abopr]|xapp|sk-ant|tskey|glpat)-" },
  { joint: "\\.", sign: "(?:SG|hv[bsr]|hooks)\\." },
  { sign: "T3BlbkFJ|dapi[0-9A-Fa-f]{8}|ops_ey|PRIVATE KEY" },
];

/** The one combined pattern: where it matches nothing, no rule of ours and none of the preset's finds anything. */
const SIGNS = combined([...TOKEN_RULES, ...PRESET_SIGNS, { sign: PRIVATE_KEY_SIGN }, { sign: ASSIGNED_SIGN }]);

const OF_PRESET = combined(PRESET_SIGNS);

/** What documentation writes in the place of a token. */
const STANDS_FOR = /([xX*.])\1{5}/;

/** Characters looked at in one go: a longer text lets others have the event loop in between. */
export const WINDOW = 128 * 1024;

/** Characters that two windows share, more than any secret has. */
export const OVERLAP: number = 32 * 1024;

/** Where secrets stand in `text`, in its order. */
export async function findSecrets(text: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (let from = 0; from === 0 || from + OVERLAP < text.length; from += WINDOW - OVERLAP) {
    if (from > 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const { name, start, end } of await findWithin(text.slice(from, from + WINDOW))) {
      findings.push({ name, start: start + from, end: end + from });
    }
  }
  return merged(findings);
}

/** Whether there is anything in `text` that is worth a closer look. */
export function hasSigns(text: string): boolean {
  return SIGNS.test(text);
}

async function findWithin(text: string): Promise<Finding[]> {
  if (!hasSigns(text)) {
    return [];
  }
  const ours = [
    ...TOKEN_RULES.flatMap((rule) => findTokens(rule, text)),
    ...findPrivateKeys(text),
    ...findAssigned(text),
  ];
  if (!OF_PRESET.test(text)) {
    return ours;
  }
  const { findByPreset } = await import("./preset.ts");
  return [...ours, ...(await findByPreset(text))];
}

/** Signs with a joint are sought by it, all at once: an engine that tries each of them everywhere is ten times slower. */
function combined(rules: readonly Pick<Rule, "sign" | "joint">[]): RegExp {
  const signs = Map.groupBy(rules, ({ joint }) => joint);
  const alternatives = [...signs].flatMap(([joint, group]) => {
    const distinct = [...new Set(group.map(({ sign }) => sign))];
    return joint === undefined ? distinct : `${joint}(?<=${distinct.join("|")})(?=[\\w.=+/-]{3})`;
  });
  return new RegExp(alternatives.join("|"));
}

function findTokens({ name, pattern }: Rule, text: string): Finding[] {
  const findings: Finding[] = [];
  for (const match of text.matchAll(pattern)) {
    const end = match.index + match[0].length;
    const secret = match.groups?.["secret"] ?? match[0];
    if (!STANDS_FOR.test(secret)) {
      findings.push({ name, start: end - secret.length, end });
    }
  }
  return findings;
}

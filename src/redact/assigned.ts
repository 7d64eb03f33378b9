import type { Finding } from "./finding.ts";

/** What a name ends with whose value is a secret; those for people first. */
const HUMAN = "pass(?:word|wd|phrase|code|(?<![a-z]pass))|pwd";
const MACHINE =
  "secret|token|credentials?|creds?|(?:api|access|secret|private|encryption|signing|account|auth|master|license)[ _-]?key(?:[_-]?base)?";

/** A name as shells, JSON, YAML, INI files, headers and source code write it, up to where it is joined to its value. */
const NAME = `(?:(?<human>${HUMAN})|${MACHINE})(?:[_-]?(?:value|base64|b64|\\d))?\\\\?["'\`]?\\]?`;

/** Opens a value, if anything does. */
const OPEN = "\\\\?[\"'`]?";

/** A cheap expression that matches wherever a value is assigned to such a name. */
export const ASSIGNED_SIGN = `[:=](?<=(?i:${NAME.replace("?<human>", "?:")}[ \\t]{0,8}:?[:=]))(?=>?[ \\t]{0,8}${OPEN}\\S)`;

const ASSIGNED = new RegExp(`${NAME}(?<join>[ \\t]{0,8}(?::=|=>|[:=])[ \\t]{0,8})(?<open>${OPEN})`, "gi");

/** A value up to where it ends: its own quote, or what ends a bare word. A comma before another name ends it too. */
const VALUES: Readonly<Record<string, RegExp>> = {
  '"': /(?:[^"\s\\]|\\[^\s])+/y,
  "'": /(?:[^'\s\\]|\\[^\s])+/y,
  "`": /(?:[^`\s\\]|\\[^\s])+/y,
  escaped: /[^"'`\s\\]+/y,
  bare: /(?:[^\s"'`\\<>(){}[\]|,;&]|[,;&](?![\w.-]{0,64}=|\s|$))+/y,
  /** In a line of its own, as in a file of variables. */
  line: /[^\s"'`]+/y,
};

/** Values that only stand for a value. */
const STANDS_FOR =
  /^(?:\$|<|\{|\[|%[({A-Z]|\*{2,}|\.{2,}|…|x{3,}|#|(?:your|my|the|some|insert|enter)[-_ ]|(?:change[-_]?me|example|placeholder|dummy|sample|redacted|hidden|masked|null|none|nil|undefined|true|false|string|str|bytes|required|optional|missing|invalid|empty|unset|prompt|value|values|plain|text|input|hash|hashed|pass|passwd|password|pwd|secret|token|key|api[-_]?key|user|username|foo|bar|baz|test|todo|tbd|env|file|self|this)(?:[-_]?(?:password|secret|token|key|here|value|string|text|hash|field|input))*[.,;:!?)\]}]*$)/i;

/** Source code in the place of a value: a member, a call, a path. */
const REFERENCE = /^(?:[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*)+|(?:~|\.{1,2})?\/[\w./-]*|\w+:\/\/\S*)[.,;:!?)\]}]*$/;

/** `password=…`, `"api_key": "…"`, `token: …`: a name that says what it holds, and a value that looks like it. */
export function findAssigned(text: string): Finding[] {
  const findings: Finding[] = [];
  ASSIGNED.lastIndex = 0;
  for (let match = ASSIGNED.exec(text); match !== null; match = ASSIGNED.exec(text)) {
    const start = ASSIGNED.lastIndex;
    const { human, join = "", open = "" } = match.groups ?? {};
    const before = text.slice(Math.max(0, match.index - 64), start - open.length - join.length);
    const tight = join === "=" && open === "";
    const shell = tight && /(?:^|[\n;]|\\n|export )[ \t]?[A-Z][A-Z0-9_]*$/.test(before);
    const value = valueAt(text, start, open, shell);
    const place = {
      human: human !== undefined,
      quoted: open !== "",
      shell,
      word: tight && !/[(,][ \t]?[\w.-]*$/.test(before),
    };
    const called = open === "" && text[start + value.length] === "(";
    if (!called && isSecret(value, place)) {
      findings.push({ name: place.human ? "password" : "secret", start, end: start + value.length });
    }
    // Never looked at twice, whatever it is: the time stays linear.
    ASSIGNED.lastIndex = start + value.length;
  }
  return findings;
}

function valueAt(text: string, start: number, open: string, shell: boolean): string {
  const bare = shell ? "line" : "bare";
  const pattern = VALUES[open === "" ? bare : open.length > 1 ? "escaped" : open];
  if (pattern === undefined) {
    return "";
  }
  pattern.lastIndex = start;
  return pattern.exec(text)?.[0] ?? "";
}

/** Where a value stands. */
interface Place {
  /** The name is that of a password, which people choose. */
  human: boolean;
  quoted: boolean;
  /** Behind a variable in capitals, in a line of its own. */
  shell: boolean;
  /** Joined as no formatter leaves source code, so that even a plain word is a value. */
  word: boolean;
}

function isSecret(value: string, { human, quoted, shell, word }: Place): boolean {
  const core = value.replace(/[.,;:!?)\]}]{1,4}$/, "");
  if (core === "" || STANDS_FOR.test(value) || (!quoted && REFERENCE.test(value))) {
    return false;
  }
  const mixed = /\d/.test(core) && /[A-Za-z]/.test(core);
  if (!human) {
    return core.length >= (shell || quoted ? 8 : 10) && mixed && !isName(core);
  }
  if (shell) {
    return core.length >= 4;
  }
  if (quoted || word) {
    return core.length >= 5 && (/[^A-Za-z_]/.test(core) || core.length >= (word ? 6 : 16));
  }
  return core.length >= 6 && (mixed || (/[A-Za-z]/.test(core) && /[!@#$%^&*+~]/.test(core)));
}

/** Words joined as names are, with at most four digits among them, such as `tls-cert-2024` or `nextCursor2`. */
function isName(word: string): boolean {
  const parts = word.split(/[-_.:/]|(?<=[a-z])(?=[A-Z])|(?<=\D)(?=\d)|(?<=\d)(?=\D)/);
  return (
    parts.every((part) => /^(?:[A-Z]?[a-z]{2,}|[A-Z]{2,}|v|\d{1,4})$/.test(part)) && word.replace(/\D/g, "").length <= 4
  );
}

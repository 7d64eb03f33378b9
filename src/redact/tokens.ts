/** What a secret looks like: the part of `pattern` that is a group called `secret`, which ends it, else all of it. */
export interface Rule {
  name: string;
  /** A cheap expression that matches wherever `pattern` does; one combined pattern is made of them all. */
  sign: string;
  /** The last character of whatever `sign` matches, where it is a rare one, as an expression. */
  joint?: string | undefined;
  /** Every repetition is bounded, or nothing has to match behind it: the time is linear in the text. */
  pattern: RegExp;
}

/** No letter or digit before, unless it belongs to an escape such as `\n` or `%3D`. */
const EDGE = String.raw`(?:(?<![A-Za-z0-9])|(?<=\\[nrtu])|(?<=%[0-9A-Fa-f]{2}))`;

/** Tokens told by how they begin: name, beginning (with `^` where nothing may be glued to it), the rest. */
const BEGINNINGS: readonly (readonly [name: string, begin: string, rest: string])[] = [
  ["age", "AGE-SECRET-KEY-1", "[0-9A-Z]{40,}"],
  ["airtable", "^pat[A-Za-z0-9]{14}\\.", "[0-9a-f]{64}"],
  ["anthropic", "sk-ant-", String.raw`[\w-]{20,}`],
  ["atlassian", "ATATT3", String.raw`[\w=-]{40,}`],
  ["aws-access-key-id", "A(?:KIA|SIA|BIA|CCA)(?=[A-Z2-7])", "[A-Z0-9]{16}"],
  ["bitbucket", "^ATBB[A-Za-z0-9]{20}", "[A-Za-z0-9]*"],
  ["brevo", "xkeysib-", "[0-9a-f]{64}[A-Za-z0-9-]*"],
  ["buildkite", "bkua_", "[a-z0-9]{40}"],
  ["circleci", "CCIPAT_", String.raw`\w{20,}`],
  ["clickup", "^pk_\\d{6,12}_", "[0-9A-Z]{32}"],
  ["cloudflare", "^(?:cfk|cfut|cfat)_", String.raw`\w{40,}`],
  ["contentful", "CFPAT-", String.raw`[\w-]{40,}`],
  ["crates-io", "^cio[A-Za-z0-9]{28}", "[A-Za-z0-9]*"],
  ["databricks", "dapi[0-9a-f]{28}", "[0-9a-f]*(?:-[0-9])?"],
  ["digitalocean", "do[opr]_v1_", "[0-9a-f]{40,}"],
  ["discord-webhook", "/api/webhooks/", String.raw`\d{15,20}/[\w-]{40,}`],
  ["docker", "dckr_(?:pat|oat)_", String.raw`[\w-]{20,}`],
  ["doppler", String.raw`dp\.(?:pt|st|ct|sa|scim|audit)\.`, String.raw`[\w.-]{30,}`],
  ["dropbox", "^sl\\.(?:u\\.)?[\\w-]{60}", String.raw`[\w-]*`],
  ["dynatrace", String.raw`dt0[a-z]\d\d\.`, String.raw`[A-Z0-9]{20,32}\.[A-Z0-9]{40,}`],
  ["facebook", "^EAA[A-Za-z0-9]{40}", "[A-Za-z0-9]*"],
  ["figma", "figd_", String.raw`[\w-]{36,}`],
  ["firebase", ":APA91b", String.raw`[\w-]{60,}`],
  ["fly-io", "(?:FlyV1 |fm[12][ar]?_)(?=[A-Za-z0-9])", "(?:fm[12][ar]?_)?[A-Za-z0-9+/=_,]{40,}"],
  ["github", "^(?:gh[opsur]|github_pat)_", String.raw`[A-Za-z0-9_]{30,}(?:\.[\w-]{10,}){0,2}`],
  ["gitlab", "gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-", String.raw`[\w-]{18,}(?:\.[\w-]{2,20}){0,2}`],
  ["google-api-key", "AIza", String.raw`[\w-]{35,}`],
  ["google-oauth", "GOCSPX-", String.raw`[\w-]{24,}`],
  ["google-oauth", String.raw`ya29\.`, String.raw`[\w.-]{20,}`],
  ["google-oauth", "^1//0", String.raw`[\w-]{30,}`],
  ["grafana", "gl(?:c|sa)_", "[A-Za-z0-9+/_=]{32,}"],
  ["groq", "gsk_", "[A-Za-z0-9]{40,}"],
  ["heroku", "HRKU-", String.raw`[\w-]{36,}`],
  ["huggingface", "^(?:hf|api_org)_(?=[A-Za-z])", "[A-Za-z0-9]{30,}"],
  ["langchain", "lsv2_(?:pt|sk)_", String.raw`\w{32,}`],
  ["linear", "lin_(?:api|oauth)_", String.raw`\w{30,}`],
  ["mailgun", String.raw`key-(?<![\w-]key-)(?=[0-9a-f]{16})`, "[0-9a-f]{32,}"],
  ["netlify", "^nf[pcou]_", String.raw`\w{36,}`],
  ["new-relic", "NR(?:AK|AL|II|JS)-", String.raw`[\w-]{20,}`],
  ["notion", "^ntn_", "[A-Za-z0-9]{40,}"],
  ["notion", "^secret_[A-Za-z0-9]{43}", ""],
  ["npm", "npm_", "[A-Za-z0-9]{36,}"],
  ["npm", "_(?:authToken|auth|password)\\s{0,3}=\\s{0,3}[\"']?(?=[^\\s\"'$<{[])", String.raw`(?<secret>[^\s"']{8,})`],
  ["onepassword", "^ops_ey", "[A-Za-z0-9+/=]{80,}"],
  ["openai", "^sk-(?=[A-Za-z0-9]{20})", "[A-Za-z0-9]{32,}"],
  ["openai", "^sk-(?:proj|svcacct|admin|None|or-v1|lf)-", String.raw`[\w-]{20,}`],
  ["perplexity", "pplx-", "[A-Za-z0-9]{32,}"],
  ["planetscale", "pscale_(?:tkn|pw|oauth)_", String.raw`[\w=.-]{30,}`],
  ["postman", "PMAK-", "[0-9a-f]{20,}-[0-9a-f]{30,}"],
  ["pulumi", "^pul-", "[0-9a-f]{40}"],
  ["pypi", "pypi-AgE", String.raw`[\w-]{50,}`],
  ["replicate", "^r8_", "[A-Za-z0-9]{36,}"],
  ["resend", "^re_[A-Za-z0-9]{6,10}_", "[A-Za-z0-9]{20,}"],
  ["rubygems", "rubygems_", "[0-9a-f]{48}"],
  ["sendgrid", "^SG\\.[\\w-]{16,32}\\.", String.raw`[\w-]{30,}`],
  ["sentry", "sntry[su]_", "[A-Za-z0-9+/=_]{40,}"],
  ["shopify", "shp(?:at|ca|pa|ss|rt|ua)_", "[0-9A-Za-z]{32,}"],
  ["slack", "(?:xox[a-z](?:\\.xox[bp])?-|xapp-\\d)", "[A-Za-z0-9-]{20,}"],
  ["slack-webhook", String.raw`hooks\.slack\.com/(?:services|workflows|triggers)/`, String.raw`(?<secret>[\w/]{20,})`],
  ["square", "sq0(?:atp|csp|idp)-", String.raw`[\w-]{22,}`],
  ["stripe", "^[sr]k_(?:live|test|prod)_", "[A-Za-z0-9]{16,}"],
  ["stripe", "whsec_", "[A-Za-z0-9+/=]{24,}"],
  ["supabase", "sb(?:p|_secret)_", String.raw`[\w-]{30,}`],
  ["tailscale", "tskey-", String.raw`[\w-]{20,}`],
  ["twilio", "^(?:SK|AC)(?=[0-9a-f]{16})", "[0-9a-f]{32}(?![0-9a-f])"],
  ["vault", "^hv[sbr]\\.", String.raw`[\w-]{24,}`],
  ["vercel", "^vc[apirk]_", "[A-Za-z0-9]{20,}"],
  ["xai", "^xai-", "[A-Za-z0-9]{40,}"],
];

/** Shapes whose telling part does not stand at their beginning. */
const SHAPES: readonly Rule[] = [
  {
    name: "jwt",
    sign: String.raw`eyJ[\w-]{10}`,
    pattern: /(?:(?<![\w-])|(?<=\\[nrt])|(?<=%[0-9A-F]{2}))eyJ[\w-]{10,}(?:\.[\w-]{8,}){1,4}\.?/g,
  },
  {
    name: "aws-secret-access-key",
    sign: "(?i:secret[ _-]?(?:access)?[ _-]?key)",
    pattern: /secret[ _-]?(?:access)?[ _-]?key[^A-Za-z0-9/+\n]{1,12}(?<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/gi,
  },
  {
    // The two halves of a pair as consoles and CSV files put them beside each other.
    name: "aws-secret-access-key",
    sign: "A[KS]IA",
    pattern: /(?:AKIA|ASIA)[A-Z0-9]{16}[^A-Za-z0-9/+]{1,8}(?<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/g,
  },
  { name: "azure-ad", sign: "Q~", pattern: /[\w~.-]{3}\dQ~[\w~.-]{30,}/g },
  {
    name: "azure-storage",
    sign: "(?:AccountKey|SharedAccessKey)=",
    pattern: /(?:AccountKey|SharedAccessKey)=(?<secret>[A-Za-z0-9+/%]{40,}={0,2})/g,
  },
  { name: "azure-sas", sign: "[?&;]sig=", pattern: /[?&;]sig=(?<secret>[A-Za-z0-9%+/]{40,}={0,2})/g },
  {
    name: "braintree",
    sign: String.raw`access_token\$`,
    pattern: /access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}/g,
  },
  {
    name: "discord",
    sign: String.raw`\.[\w-]{6}\.[\w-]{27}`,
    pattern: /(?<![\w-])[MNO][\w-]{22,27}\.[\w-]{6}\.[\w-]{27,}/g,
  },
  {
    name: "terraform",
    sign: String.raw`\.atlasv1\.`,
    pattern: /(?<![A-Za-z0-9])[A-Za-z0-9]{14}\.atlasv1\.[\w-]{40,}/g,
  },
  { name: "telegram", sign: String.raw`:AA[\w-]{30}`, pattern: /(?<!\d)\d{7,11}:AA[\w-]{32,}/g },
  { name: "mailchimp", sign: String.raw`-us\d`, pattern: /(?<![0-9a-f])[0-9a-f]{32}-us\d{1,2}/g },
  {
    name: "authorization",
    sign: "[Bb][Ee][Aa][Rr][Ee][Rr]\\s|[Aa][Uu][Tt][Hh][Oo][Rr][Ii][Zz][Aa][Tt][Ii][Oo][Nn][\"':=\\s]",
    // A word of prose has no digit; a token without one is told by its length.
    pattern:
      /(?:\bbearer\s{1,3}|\bauthorization["']?\s{0,3}[:=]\s{0,3}["']?(?:bearer|basic|token|digest|apikey)\s{1,3})["']?(?<secret>(?=[a-z._~+/-]{0,64}[0-9]|[\w.~+/-]{32}|[\w+/]{4,64}={1,2}(?![\w"'=]))[\w.~+/-]{8,}={0,2})/gi,
  },
  {
    name: "url-password",
    sign: String.raw`://[^\s/@:"'<>]{0,256}:[^\s/@"'<>]{2,256}@`,
    pattern:
      /:\/\/[^\s/@:"'<>]{0,256}:(?!(?:\$|%[sv({A-Z]|\{|\[|\*|x{3}|\.{3}|(?:your[_-]?)?(?:pass(?:word|wd)?|pw|pwd|secret|token)@))(?<secret>[^\s/@"'<>]{2,256}(?:@(?=[^\s/@"'<>]{1,256}@)[^\s/@"'<>]{1,256})?)(?=@[\w.[-])/gi,
  },
  {
    name: "password",
    sign: "curl\\s|sshpass\\s",
    pattern:
      /(?:\bcurl(?=\s)[^\n]{0,200}?\s(?:-u|--user)[ =]?["']?[\w.@+-]{1,64}:|\bsshpass\s{1,3}-p\s{0,3}["']?)(?![$<{[*])(?<secret>[^\s"'<>]{4,128})/g,
  },
  {
    name: "password",
    sign: "--[\\w-]{0,32}(?:password|passphrase|token|secret|api-?key)[ =]",
    pattern:
      /(?<![\w-])--[\w-]{0,32}(?:password|passphrase|token|secret|api-?key)[ =]["']?(?=[^\s"'\d]{0,64}\d)(?![$<{[*-])(?<secret>[^\s"'`<>|;&()]{6,})/g,
  },
];

function ruleOf([name, begin, rest]: (typeof BEGINNINGS)[number]): Rule {
  const bare = begin.replace(/^\^/, "");
  const edge = bare === begin ? "" : EDGE;
  // The edge is looked for last, so that the engine first seeks what is rare.
  const edged = edge && `${bare}(?<=${edge}${bare})`;
  const joint = /(?:_|-|\\\.)$/.exec(bare)?.[0];
  const sign = joint === undefined ? edged || bare : edge + bare;
  return { name, sign, joint, pattern: new RegExp((edged || bare) + rest, "g") };
}

/** Every shape that a secret is told by, whatever stands around it. */
export const TOKEN_RULES: readonly Rule[] = [...BEGINNINGS.map(ruleOf), ...SHAPES];

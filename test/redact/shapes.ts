import { Buffer } from "node:buffer";

/** A secret as it stands in a text: what must be gone, and the text around it. Made of pieces, so that no scanner finds one here. */
export interface Shape {
  name: string;
  secret: string;
  text: string;
}

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";
const ALNUM = `${LOWER}${LOWER.toUpperCase()}${DIGITS}`;

/** Numbers that look random and are the same in every run. */
export function pseudoRandom(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}

/** Characters of an alphabet that look random; a digit and a letter of each case are among them where it has such. */
export function characters(random: (below: number) => number, length: number, alphabet = ALNUM): string {
  const drawn = Array.from({ length }, () => alphabet[random(alphabet.length)] ?? "");
  const must = ["7", "q", "Q"].filter((one) => alphabet.includes(one) && length > 8);
  for (const [index, one] of must.entries()) {
    drawn[2 + index * 2] = one;
  }
  return drawn.join("");
}

const base64 = (random: (below: number) => number, bytes: number) =>
  Buffer.from(Array.from({ length: bytes }, () => random(256))).toString("base64");

/** A PEM key: its marker in two pieces, its lines of 64. */
export function pem(random: (below: number) => number, kind: string, bytes: number, joint = "\n"): string {
  const lines = base64(random, bytes).match(/.{1,64}/g) ?? [];
  const marker = (what: string) => `-----${what} ${kind}${kind === "" ? "" : " "}PRIVATE ${"KEY"}-----`;
  return [marker("BEGIN"), ...lines, marker("END")].join(joint);
}

/** Every shape, with values that differ by `seed`. */
export function shapes(seed = 1): Shape[] {
  const random = pseudoRandom(seed * 7919);
  const an = (length: number) => characters(random, length);
  const hex = (length: number) => characters(random, length, `${DIGITS}abcdef`);
  const up = (length: number) => characters(random, length, `${LOWER.toUpperCase()}234567`);
  const word = (length: number) => characters(random, length, `${ALNUM}-_`);
  const b64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const jwt = [b64url({ alg: "HS256", typ: "JWT" }), b64url({ sub: an(10), iat: random(1e9) }), an(43)].join(".");
  const plain: Record<string, string> = {
    "aws access key id": `AKI${"A"}${up(16)}`,
    "aws access key id as documented": `AKI${"A"}IOSFODNN7EXAMPLE`,
    "aws temporary key id": `ASI${"A"}${up(16)}`,
    jwt,
    "google api key": `AI${"za"}${word(35)}`,
    "google client secret": `GOC${"SPX"}-${word(28)}`,
    "google access token": `ya${"29"}.${word(60)}`,
    "google refresh token": `1/${"/0"}${word(60)}`,
    "stripe live key": `sk_${"live"}_${an(24)}`,
    "stripe test key": `sk_${"test"}_${an(99)}`,
    "stripe restricted key": `rk_${"live"}_${an(24)}`,
    "stripe webhook secret": `whs${"ec"}_${an(32)}`,
    "openai key": `s${"k"}-${an(48)}`,
    "openai key, marked": `s${"k"}-${an(20)}T3Blbk${"FJ"}${an(20)}`,
    "openai project key": `s${"k"}-proj-${word(74)}T3Blbk${"FJ"}${word(74)}`,
    "openai service key": `s${"k"}-svcacct-${word(40)}`,
    "anthropic key": `s${"k"}-ant-api03-${word(93)}AA`,
    "anthropic admin key": `s${"k"}-ant-admin01-${word(93)}AA`,
    "openrouter key": `s${"k"}-or-v1-${hex(64)}`,
    "github personal token": `gh${"p"}_${an(36)}`,
    "github oauth token": `gh${"o"}_${an(36)}`,
    "github server token": `gh${"s"}_${an(36)}`,
    "github fine-grained token": `github_${"pat"}_${an(22)}_${an(59)}`,
    "gitlab token": `gl${"pat"}-${word(20)}`,
    "gitlab routable token": `gl${"pat"}-${word(27)}.01.${an(9)}`,
    "gitlab runner token": `gl${"rt"}-${word(20)}`,
    "slack bot token": `xo${"xb"}-${random(1e9) + 1e10}-${random(1e9) + 1e10}-${an(24)}`,
    "slack user token": `xo${"xp"}-${random(1e9) + 1e10}-${random(1e9) + 1e10}-${random(1e9) + 1e10}-${hex(32)}`,
    "slack app token": `xa${"pp"}-1-A${up(10)}-${random(1e9) + 1e10}-${hex(64)}`,
    "npm token": `np${"m"}_${an(36)}`,
    "sendgrid key": `S${"G"}.${word(22)}.${word(43)}`,
    "twilio key": `S${"K"}${hex(32)}`,
    "mailgun key": `ke${"y"}-${hex(32)}`,
    "mailchimp key": `${hex(32)}-us${random(20) + 1}`,
    "hugging face token": `h${"f"}_${characters(random, 34, `${LOWER}${LOWER.toUpperCase()}`)}`,
    "digitalocean token": `do${"p"}_v1_${hex(64)}`,
    "azure client secret": `${an(3)}8${"Q"}~${word(34)}`,
    "telegram bot token": `${random(1e8) + 1e9}:${"A"}A${word(33)}`,
    "discord bot token": `M${an(25)}.${word(6)}.${word(38)}`,
    "shopify token": `shp${"at"}_${hex(32)}`,
    "databricks token": `da${"pi"}${hex(32)}`,
    "vault token": `hv${"s"}.${word(95)}`,
    "grafana token": `gl${"sa"}_${an(32)}_${hex(8)}`,
    "linear key": `lin_${"api"}_${an(40)}`,
    "notion token": `nt${"n"}_${characters(random, 11, DIGITS)}${an(35)}`,
    "figma token": `fi${"gd"}_${word(40)}`,
    "docker token": `dc${"kr"}_pat_${word(27)}`,
    "tailscale key": `ts${"key"}-auth-${an(16)}-${an(32)}`,
    "groq key": `gs${"k"}_${an(52)}`,
    "vercel token": `vc${"p"}_${an(24)}`,
    "pypi token": `py${"pi"}-AgEIcHlwaS5vcmc${word(120)}`,
    "rubygems key": `ruby${"gems"}_${hex(48)}`,
    "new relic key": `NR${"AK"}-${up(27)}`,
    "sentry token": `sn${"trys"}_${an(60)}_${an(43)}`,
    "heroku key": `HR${"KU"}-${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`,
    "atlassian token": `AT${"ATT3"}xFfGF0${word(170)}=${hex(8).toUpperCase()}`,
    "square token": `sq${"0atp"}-${word(22)}`,
    "postman key": `PM${"AK"}-${hex(24)}-${hex(34)}`,
    "terraform token": `${an(14)}.at${"lasv1"}.${word(67)}`,
    "replicate token": `r${"8"}_${an(37)}`,
    "xai key": `x${"ai"}-${an(80)}`,
    "supabase token": `sb${"p"}_${hex(40)}`,
    "age key": `AGE-SECRET-${"KEY"}-1${up(58)}`,
  };
  const password = `${an(6)}!${an(5)}`;
  const secret40 = `wJalrXUtnFEMI/K7MDENG/bPxRfiCY${"EXAMPLE"}KEY`;
  const aws = base64(random, 30);
  const around: readonly [name: string, secret: string, text: string][] = [
    ["aws secret key", aws, `aws_secret_access_key = ${aws}`],
    ["aws secret key as documented", secret40, `export AWS_SECRET_ACCESS_KEY=${secret40}`],
    ["aws secret key in JSON", aws, `{"SecretAccessKey": "${aws}", "Region": "eu-west-1"}`],
    ["aws secret key beside its id", aws, `AKI${"A"}${up(16)},${aws}`],
    ["aws session token", base64(random, 300), ""],
    [
      "azure storage key",
      base64(random, 64),
      "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=%;EndpointSuffix=x",
    ],
    ["slack webhook", `T${up(8)}/B${up(8)}/${an(24)}`, "POST https://hooks.slack.com/services/%"],
    ["discord webhook", word(68), "https://discord.com/api/webhooks/123456789012345678/%"],
    ["basic-auth URL", password, "git clone https://deploy:%@git.example.com/acme/app.git"],
    ["postgres URL", password, "DATABASE_URL=postgres://app:%@db.internal:5432/app?sslmode=require"],
    ["mysql URL", password, "mysql://root:%@127.0.0.1/app"],
    ["mongodb URL", password, "mongodb+srv://svc:%@cluster0.example.mongodb.net/app"],
    ["redis URL", password, "redis://:%@cache:6379/0"],
    ["npmrc token", `${hex(8)}-${hex(4)}-${hex(4)}`, "//registry.example.com/:_authToken=%"],
    ["bearer header", an(40), 'curl -H "Authorization: Bearer %" https://api.example.com/v1/me'],
    ["basic header", base64(random, 20), "Authorization: Basic %"],
    ["password=", "hunter2", "password=%"],
    ["password in JSON", password, '{"user": "app", "password": "%"}'],
    ["password in escaped JSON", an(12), '"{\\"password\\":\\"%\\"}"'],
    ["password in YAML", password, "db:\n  user: app\n  password: %\n"],
    ["password of a variable", "letmein", "export PGPASSWORD=%\npsql app"],
    ["password in source code", password, "const db = connect({ user, password: '%' });"],
    ["password of a flag", an(12), "mysqldump --password=% app > app.sql"],
    ["password of curl", password, "curl -u admin:% https://api.example.com"],
    ["api_key:", an(24), "api_key: %"],
    ["x-api-key header", hex(32), "x-api-key: %"],
    ["client secret", word(40), 'client_secret = "%"'],
    ["secret of a query", hex(40), "https://example.com/hook?access_token=%&page=2"],
    ["datadog key", hex(32), "DD_API_KEY=%"],
  ];
  const keys: readonly [name: string, secret: string][] = [
    ["RSA private key", pem(random, "RSA", 1190)],
    ["EC private key", pem(random, "EC", 121)],
    ["OpenSSH private key", pem(random, "OPENSSH", 399)],
    ["PKCS #8 private key", pem(random, "", 1218)],
    ["encrypted private key", pem(random, "ENCRYPTED", 1298)],
    ["private key in JSON", pem(random, "", 1218, "\\n")],
    ["private key of YAML", pem(random, "RSA", 1190, "\n    ")],
  ];
  return [
    ...Object.entries(plain).map(([name, secret]) => ({ name, secret, text: `The run used ${secret} for the call.` })),
    ...around.map(([name, secret, text]) => ({
      name,
      secret,
      text: text === "" ? `AWS_SESSION_TOKEN=${secret}` : text.replace("%", () => secret),
    })),
    ...keys.map(([name, secret]) => ({ name, secret, text: `key: |\n    ${secret}\nnext line` })),
  ];
}

import { characters, pseudoRandom } from "./shapes.ts";

const HEX = "0123456789abcdef";
const FILES = [
  "src/auth/token.ts",
  "test/e2e/password-reset.test.ts",
  "lib/secrets/index.js",
  "docs/api-keys.md",
  "pkg/risk_test_runner.go",
  "config/task-scheduler.yaml",
];
const NAMES = [
  "getTokenFromHeader",
  "passwordInput",
  "secretStore",
  "apiKeyOf",
  "sha256Hex",
  "disk_test_measurements",
  "info_about_every_known_candidate_2026",
  "resetPasswordTokenExpiresAt",
];

/** Pieces of what agents write at a checkpoint: none of them holds a secret. */
const PIECES: readonly ((draw: Draw) => string)[] = [
  ({ hex }) => `Merged as ${hex(40)}; reverted ${hex(7)}.`,
  ({ uuid }) => `Run ${uuid()} passed; request id=${uuid()}, trace_id: ${uuid()}.`,
  ({ hex }) => `sha256:${hex(64)}  dist/app.tar.gz`,
  ({ base64 }) => `"integrity": "sha512-${base64(86)}=="`,
  ({ base64 }) => `data:image/png;base64,iVBORw0KGgo${base64(300)}`,
  ({ base64 }) => `The blob begins with ${base64(60)} and ends with ${base64(24)}==`,
  ({ any, number }) => `https://github.com/acme/app/blob/main/${any(FILES)}#L${number(400)}`,
  ({ number }) => `https://example.com/search?q=token+refresh&page=${number(90)}&sort=updated_at`,
  ({ number }) =>
    `http://localhost:${number(9000) + 1000}/health answered 200; ws://127.0.0.1:${number(9000) + 1000}/events`,
  ({ any, number }) => `${any(FILES)}:${number(300)}:${number(80)} error TS2345: Argument of type 'string | undefined'`,
  () => "The password is checked by zod: at least 12 characters, one digit. Passwords are hashed with argon2id.",
  () => "Decided: tokens live for 15 minutes; the refresh token rotates. The secret never leaves the vault.",
  () => "Password: must not be empty. Token: required. API key: see the settings page.",
  () =>
    "Set DB_PASSWORD, STRIPE_SECRET_KEY and GITHUB_TOKEN before the run; .env.example lists them:\nDB_PASSWORD=\nSTRIPE_SECRET_KEY=\nGITHUB_TOKEN=\n",
  () => "DATABASE_URL=postgres://user:password@localhost:5432/app is the placeholder of the README",
  () => `DATABASE_URL=postgres://\${DB_USER}:\${DB_PASSWORD}@db/app`,
  () => `password=\${PASSWORD} token=$TOKEN api_key=<your-api-key> secret={{ secret }} pwd=****`,
  () => "curl -H 'Authorization: Bearer $TOKEN' -u \"$USER:$PASS\" https://api.example.com/v1",
  () => "curl -H 'Authorization: Bearer <token>' https://api.example.com; the bearer token is read from the header",
  () =>
    "env:\n  - name: API_KEY\n    valueFrom:\n      secretKeyRef:\n        name: api-credentials\n        key: api_key\n",
  () => "const token = req.headers.authorization?.split(' ')[1];",
  () => "const password = await prompt('Password: ');\nif (password === undefined) { return; }",
  () => 'const secret = process.env.JWT_SECRET ?? "";\nconst apiKey = config.get("apiKey");',
  () => "token: z.string().min(16), password: z.string().min(12), secret: string;",
  () => "interface Login { user: string; password: string; token?: string }",
  () => "login(user, password=password_input, token=None)",
  () => "token = secrets.token_urlsafe(32)\nos.environ['API_KEY']",
  () => '<input type="password" name="password" autocomplete="current-password">',
  () => '{"password": "required", "token": "string", "secret": "The secret of the webhook"}',
  ({ number }) => `tokens: ${number(3000)}, max_tokens=${number(4000)}, token_count: ${number(900)} of 2,500`,
  ({ any, number }) => `${any(NAMES)}(${number(9)}) moved to ${any(FILES)}; ${any(NAMES)} is next.`,
  ({ any }) => `import { ${any(NAMES)} } from "../${any(FILES)}";`,
  ({ number }) =>
    `diff --git a/src/a.ts b/src/a.ts\n@@ -${number(90)},7 +${number(90)},9 @@ export function f() {\n-  return token;\n+  return { token };\n`,
  ({ number }) => `${number(900)} passed, ${number(3)} failed, ${number(9)} skipped in ${number(90)}.${number(9)} s`,
  () =>
    "The scanner looks for `-----BEGIN RSA PRIVATE KEY-----` and for AKIA, ghp_ and sk- at the beginning of a word.",
  () => "Rotate the keys: sk-learn's task-runner and the risk-model read sk_test fixtures; eyJ marks a JWT.",
  ({ base64 }) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${base64(42)} dev@example.com`,
  ({ base64 }) => `-----BEGIN CERTIFICATE-----\nMIID${base64(60)}\n${base64(64)}\n-----END CERTIFICATE-----`,
  ({ number, hex }) => `cache-key-${hex(32)} hit; etag W/"${hex(24)}"; node-v${number(24)}.1.0-linux-x64`,
  ({ uuid }) => `{"task_id": "${uuid()}", "next_cursor": "b2Zmc2V0OjUw", "version": 12, "status": "in_progress"}`,
  () => "git remote add origin git@github.com:acme/app.git && npm ci --ignore-scripts",
  () => `npm config set //registry.example.com/:_authToken=\${NPM_TOKEN}`,
  ({ hex }) => `docker pull ghcr.io/acme/app@sha256:${hex(64)}`,
  () => "secretName: tls-cert-2024\nserviceAccountName: deployer\nimagePullSecrets:\n  - name: regcred",
  () => "Remaining: rename pass to step; compass: north; bypass=true; keys: [a, b]; keyboard: qwerty",
  ({ number }) => `PWD=/home/dev/app OLDPWD=/tmp HOME=/home/dev SHLVL=${number(9)}`,
  () => "[REDACTED:github] was found before; password=[REDACTED:password], Bearer [REDACTED:authorization]",
];

interface Draw {
  number(below: number): number;
  any(choices: readonly string[]): string;
  hex(length: number): string;
  base64(length: number): string;
  uuid(): string;
}

/** Texts as checkpoints have them: code, hashes, links, and prose about secrets. The same in every run. */
export function cleanTexts(count: number, bytes = 600): string[] {
  const number = pseudoRandom(20_261_101);
  const hex = (length: number) => characters(number, length, HEX);
  const draw: Draw = {
    number,
    any: (choices) => choices[number(choices.length)] ?? "",
    hex,
    base64: (length) =>
      Array.from({ length }, () => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[number(64)]).join(
        "",
      ),
    uuid: () => [8, 4, 4, 4, 12].map(hex).join("-"),
  };
  return Array.from({ length: count }, (_, index) => {
    // Every piece gets its turn, whatever is drawn.
    let text = PIECES[index % PIECES.length]?.(draw) ?? "";
    while (text.length < bytes) {
      text += `${number(3) === 0 ? "\n" : " "}${PIECES[number(PIECES.length)]?.(draw)}`;
    }
    return text;
  });
}

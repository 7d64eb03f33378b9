import { afterAll } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The official suite; `@modelcontextprotocol/conformance` says what each scenario demands. */
const SUITE = Bun.fileURLToPath(import.meta.resolve("@modelcontextprotocol/conformance/dist/index.js"));

/** One demand of one scenario. */
export interface Check {
  id: string;
  status: string;
  errorMessage?: string;
}

/** What the suite said of a server. */
export interface Verdict {
  exitCode: number;
  output: string;
  /** The checks of every scenario, by the scenario's name. */
  checks: ReadonlyMap<string, readonly Check[]>;
}

/** Runs the official suite on the server at `url`. */
export async function runSuite(url: string, flags: readonly string[]): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), "mcp-conformance-"));
  try {
    const suite = Bun.spawn([process.execPath, SUITE, "server", "--url", `${url}/mcp`, "-o", folder, ...flags], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      env: { ...Bun.env, FORCE_COLOR: "0" },
    });
    const [output, errors, exitCode] = await Promise.all([suite.stdout.text(), suite.stderr.text(), suite.exited]);
    return { exitCode, output: output + errors, checks: readChecks(folder) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Starts the fixture on a free port and resolves with its address; it is killed when the test file is done. */
export async function startFixture(): Promise<string> {
  const server = Bun.spawn([process.execPath, join(import.meta.dir, "fixture", "serve.ts")], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  afterAll(() => server.kill("SIGKILL"));
  let text = "";
  for await (const part of server.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes("\n")) {
      return text.trim();
    }
  }
  throw new Error("the fixture did not start");
}

/** The suite writes a folder a scenario, `server-<scenario>-<time>`, with its checks. */
function readChecks(folder: string): Map<string, Check[]> {
  return new Map(
    readdirSync(folder).map((name) => {
      const scenario = name.replace(/^server-/, "").replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, "");
      return [scenario, JSON.parse(readFileSync(join(folder, name, "checks.json"), "utf8"))];
    }),
  );
}

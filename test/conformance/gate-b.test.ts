import { describe, expect, test } from "bun:test";
import { call, connect, freshStore, startHttp, transports } from "../support/server.ts";
import { runSuite } from "./suite.ts";

/** What the product must pass by itself; the other scenarios look for tools, resources and prompts of a fixture. */
const SCENARIOS = {
  "2025-11-25": [
    "server-initialize",
    "ping",
    "completion-complete",
    "tools-list",
    "resources-list",
    "resources-subscribe",
    "resources-unsubscribe",
    "prompts-list",
    "server-sse-multiple-streams",
    "dns-rebinding-protection",
    "server-session-lifecycle",
  ],
  "2026-07-28": [
    "completion-complete",
    "tools-list",
    "resources-list",
    "prompts-list",
    "server-sse-multiple-streams",
    "sep-2164-resource-not-found",
    "dns-rebinding-protection",
    "caching",
    "input-required-result-unsupported-methods",
    "http-header-validation",
  ],
};

/** The checks of `server-stateless` that need a diagnostic tool which only a fixture has. */
const NOT_TESTABLE = [
  "sep-2575-server-rejects-undeclared-capability",
  "sep-2575-missing-capability-http-400",
  "sep-2575-http-server-no-independent-requests-on-stream",
  "sep-2575-server-no-log-without-loglevel",
];

/** Its checks for servers whose tools and prompts change. */
const NEVER_CHANGING = [
  "sep-2575-server-sends-prompts-list-changed-on-subscription",
  "sep-2575-server-sends-tools-list-changed-on-subscription",
];

const { url } = await startHttp(freshStore());
// Lists and reads are looked at more closely where there is something.
const task = { task_id: "conformance", title: "Conformance", goal: "Every client" };
await call(await connect(transports.http(url)), "create_task", task);

describe.each(Object.entries(SCENARIOS))("at %s the executable passes", (revision, scenarios) => {
  test.each(scenarios.map((scenario) => [scenario]))("%s", async (scenario) => {
    const { exitCode, checks } = await runSuite(url, ["--scenario", scenario, "--spec-version", revision]);
    const found = checks.get(scenario) ?? [];
    expect(found.filter(({ status }) => status !== "SUCCESS" && status !== "INFO")).toEqual([]);
    expect(found.length).toBeGreaterThan(0);
    expect(exitCode).toBe(0);
  });
});

test("at 2026-07-28 the executable passes server-stateless, what needs a fixture's tools aside", async () => {
  const { checks } = await runSuite(url, ["--scenario", "server-stateless", "--spec-version", "2026-07-28"]);
  const found = checks.get("server-stateless") ?? [];
  const open = found.filter(({ status }) => status !== "SUCCESS");
  const untestable = open.filter(({ errorMessage }) => errorMessage?.startsWith("Not testable: ") === true);
  const skipped = open.filter(({ status }) => status === "SKIPPED");
  expect(untestable.map(({ id }) => id)).toEqual(NOT_TESTABLE);
  expect(skipped.map(({ id }) => id)).toEqual(NEVER_CHANGING);
  expect(open.length).toBe(untestable.length + skipped.length);
  expect(found.length - open.length).toBe(24);
});

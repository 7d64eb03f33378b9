import { describe, expect, test } from "bun:test";
import { exchange, head, initialize, type RawResponse } from "../support/raw-http.ts";
import { freshStore, startHttp } from "../support/server.ts";

const { url } = await startHttp(freshStore());
const port = Number(new URL(url).port);

/** What each endpoint answers to a bare request that may pass. */
const ENDPOINTS: Readonly<Record<string, number>> = {
  "GET /health": 200,
  "POST /health": 405,
  "GET /sse": 200,
  "POST /message": 400,
  "POST /mcp": 415,
  "GET /mcp": 405,
  "DELETE /mcp": 405,
  "OPTIONS /mcp": 405,
  "GET /nowhere": 404,
};

/** Host header lines by what they say; PORT is the server's, OTHER another. */
const HOSTS: Readonly<Record<string, boolean>> = {
  "Host: localhost:PORT": true,
  "Host: localhost": true,
  "Host: 127.0.0.1:PORT": true,
  "Host: 127.0.0.1": true,
  "Host: [::1]:PORT": true,
  "Host: [::1]": true,
  "Host: LOCALHOST:PORT": true,
  "Host: LocalHost": true,
  "Host: localhost:OTHER": false,
  "Host: 127.0.0.1:OTHER": false,
  "Host: [::1]:OTHER": false,
  "Host: localhost:0PORT": false,
  "Host: localhost:": false,
  "Host: localhost.": false,
  "Host: evil.com": false,
  "Host: evil.com:PORT": false,
  "Host: 127.0.0.1.evil.com": false,
  "Host: 127.0.0.1.evil.com:PORT": false,
  "Host: localhost.evil.com": false,
  "Host: localhost.evil.com:PORT": false,
  "Host: localhost@evil.com": false,
  "Host: 127.0.0.2:PORT": false,
  "Host: 0.0.0.0:PORT": false,
  "Host: ::1": false,
  "Host:": false,
  "Host: localhost:PORT\r\nHost: evil.com": false,
  "Host: evil.com\r\nHost: localhost:PORT": false,
  "Host: localhost:PORT\r\nHost: localhost:PORT": false,
};

/** Origin header lines, the same way; the empty one is none. */
const ORIGINS: Readonly<Record<string, boolean>> = {
  "": true,
  "Origin: http://localhost:PORT": true,
  "Origin: http://127.0.0.1:PORT": true,
  "Origin: http://[::1]:PORT": true,
  "Origin: null": false,
  "Origin:": false,
  "Origin: https://evil.com": false,
  "Origin: http://evil.com": false,
  "Origin: http://evil.com:PORT": false,
  "Origin: http://localhost": false,
  "Origin: http://127.0.0.1": false,
  "Origin: http://localhost:OTHER": false,
  "Origin: https://localhost:PORT": false,
  "Origin: http://localhost:PORT.evil.com": false,
  "Origin: http://localhost:PORT/": false,
  "Origin: http://localhost:PORT\r\nOrigin: http://evil.com": false,
};

const filled = (line: string) => line.replaceAll("PORT", `${port}`).replaceAll("OTHER", `${port ^ 1}`);

/** Sends a request without a body, with the given header lines. */
const send = (request: string, ...lines: string[]) =>
  exchange(url, head(`${request} HTTP/1.1`, ...lines.filter((line) => line !== "").map(filled)));

function expectRefusal({ body }: RawResponse, about: "Host" | "Origin"): void {
  const { jsonrpc, id, error } = JSON.parse(body);
  expect({ jsonrpc, id, code: error.code }).toEqual({ jsonrpc: "2.0", id: null, code: -32000 });
  expect(error.message).toStartWith(`Forbidden: ${about} must be`);
}

describe("only requests that name this server, and come from no foreign web page, pass", () => {
  test.each(Object.entries(ENDPOINTS))("%s answers %d, or 403 by Host and Origin alone", async (endpoint, status) => {
    const wrong: string[] = [];
    for (const [host, hostPasses] of Object.entries(HOSTS)) {
      const row = Object.entries(ORIGINS).map(async ([origin, originPasses]) => {
        const expected = hostPasses && originPasses ? status : 403;
        const answer = await send(endpoint, host, origin);
        if (answer.status !== expected) {
          wrong.push(`${host} ${origin}: ${answer.status} instead of ${expected}`);
        }
      });
      await Promise.all(row);
    }
    expect(wrong).toEqual([]);
  });

  test("a refusal is a JSON-RPC error without id that says what is accepted", async () => {
    expectRefusal(await send("POST /mcp", "Host: evil.com"), "Host");
    expectRefusal(await send("POST /mcp", "Host: localhost", "Origin: http://evil.com"), "Origin");
  });

  test("no answer invites another origin: there are no CORS headers, to a preflight neither", async () => {
    const preflight = "Access-Control-Request-Method: POST";
    for (const origin of ["Origin: http://localhost:PORT", "Origin: http://evil.com"]) {
      for (const endpoint of Object.keys(ENDPOINTS)) {
        expect((await send(endpoint, "Host: localhost", origin, preflight)).head).not.toMatch(/^access-control-/im);
      }
    }
  });

  test("HTTP/1.0 without Host is refused with 403, HTTP/1.1 without Host with 400", async () => {
    expect((await exchange(url, head("GET /health HTTP/1.0"))).status).toBe(403);
    expect((await exchange(url, head("GET /health HTTP/1.1"))).status).toBe(400);
  });

  test("an absolute request target does not stand in for an evil Host header", async () => {
    const target = filled("GET http://localhost:PORT/health HTTP/1.1");
    expect((await exchange(url, head(target, "Host: evil.com"))).status).toBe(403);
    expect((await exchange(url, head(target, "Host: localhost"))).status).toBe(200);
  });

  test("a forwarded or overriding header does not stand in for Host", async () => {
    for (const name of ["X-Forwarded-Host", "X-Host", "Forwarded"]) {
      expect((await send("GET /health", "Host: evil.com", `${name}: localhost`)).status).toBe(403);
      expect((await send("GET /health", "Host: localhost", `${name}: evil.com`)).status).toBe(200);
    }
  });

  test.each(["Content-Length: 16777216", "Transfer-Encoding: chunked"])(
    "the refusal does not wait for the body that %s announces",
    async (announced) => {
      const json = "Content-Type: application/json";
      // No byte of the body is ever sent: a server that waited for it would not answer.
      expect((await send("POST /mcp", "Host: evil.com", json, announced)).status).toBe(403);
      expect((await send("POST /message", "Host: evil.com", json, announced)).status).toBe(403);
      expect((await send("POST /mcp", "Host: localhost", "Origin: null", json, announced)).status).toBe(403);
    },
  );

  test("a body of more than the limit is refused by its announced length, whatever the Host", async () => {
    for (const host of ["Host: evil.com", "Host: localhost"]) {
      expect((await send("POST /mcp", host, "Content-Length: 99999999999")).status).toBe(413);
    }
  });

  test("a refused initialize opens no session", async () => {
    const body = JSON.stringify(initialize("2025-11-25"));
    const lines = ["Content-Type: application/json", "Accept: application/json, text/event-stream"];
    const post = (host: string) =>
      exchange(url, head("POST /mcp HTTP/1.1", host, ...lines, `Content-Length: ${body.length}`) + body);
    const refused = await post("Host: evil.com");
    expect(refused.status).toBe(403);
    expect(refused.head).not.toMatch(/^mcp-session-id:/im);
    const accepted = await post("Host: localhost");
    expect(accepted.status).toBe(200);
    expect(accepted.head).toMatch(/^mcp-session-id: *[0-9a-f]{48}$/im);
  });
});

describe("/health", () => {
  test("GET answers that it is well, and nothing else", async () => {
    const response = await fetch(`${url}/health`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toStartWith("application/json");
    expect(await response.text()).toBe('{"status":"ok"}');
  });

  test.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])("%s is 405 with Allow: GET", async (method) => {
    const response = await fetch(`${url}/health`, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET");
  });
});

test.each([
  ["POST", "/sse", "GET"],
  ["GET", "/message", "POST"],
  ["PUT", "/mcp", "POST, GET, DELETE"],
])("%s %s is 405 with Allow: %s", async (method, path, allow) => {
  const response = await fetch(`${url}${path}`, { method });
  expect(response.status).toBe(405);
  expect(response.headers.get("allow")).toBe(allow);
});

test.each(["/", "/nowhere", "/health/", "/Health", "/mcp/x", "//evil.com/health", "/constructor", "/__proto__"])(
  "the unknown path %s is 404, as JSON that names the endpoints",
  async (path) => {
    const response = await fetch(`${url}${path}`);
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toStartWith("application/json");
    expect(await response.text()).toContain("/health, /sse, /message, /mcp");
  },
);

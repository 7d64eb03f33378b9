import type { Gate, Proof } from "../auth/authenticate.ts";
import type { Principal } from "../domain/access.ts";
import { RPC } from "../protocol/jsonrpc.ts";
import { refuse } from "./guard.ts";

/** How often the tokens of open streams are looked at, in milliseconds: a revoked one ends them within five seconds. */
const LOOK_MS = 2000;

/** What a door needs to know. */
export interface DoorOptions {
  gate: Gate;
  /** Calls a second that each token may make, and may save up; 0 for any number. */
  rate: number;
  /** Where a request comes from. */
  addressOf(request: Request): string;
}

/** Who has come in; without tokens anybody has, and has no name. */
export interface Visitor {
  principal: Principal | undefined;
}

/** A stream, or a session. */
interface Closable {
  close(): unknown;
}

type Admitted = Visitor | { refusal: Response };

/** Where callers show their tokens. */
export interface Door {
  /** Lets a request in, or answers why not; at once where the gate need not be asked anew. */
  admit(request: Request): Admitted | Promise<Admitted>;
  /** Takes so many more calls from the visitor's allowance; answers the refusal once it is used up. */
  charge(visitor: Visitor, calls: number): Response | undefined;
  /** Closes what is open for the visitor when it may be there no longer. */
  hold(visitor: Visitor, open: Closable): void;
  /** To be called when it has closed. */
  release(visitor: Visitor, open: Closable): void;
  close(): void;
}

/** A door that nobody passes without a valid token, once there ever was one. */
export function createDoor({ gate, rate, addressOf }: DoorOptions): Door {
  const failures = createFailures();
  const allowances = createAllowances(rate);
  const held = createHeld(gate);
  const charge = ({ principal }: Visitor, calls: number) => {
    const wait = principal === undefined ? 0 : allowances.take(principal.token_id, calls);
    return wait === 0 ? undefined : tooMany(`a token may make ${rate} calls a second`, wait);
  };
  function decide(request: Request, proof: Proof): Admitted {
    if (proof.kind === "passed") {
      const visitor = { principal: proof.principal };
      const refusal = charge(visitor, 1);
      return refusal === undefined ? visitor : { refusal };
    }
    const wait = proof.kind === "invalid" ? failures.add(addressOf(request)) : 0;
    return wait > 0
      ? { refusal: tooMany("too many invalid tokens from this address", wait) }
      : { refusal: unauthorized(request, proof.kind) };
  }
  return {
    admit(request) {
      const proof = gate.judge(request.headers.get("authorization"));
      return proof instanceof Promise ? proof.then((judged) => decide(request, judged)) : decide(request, proof);
    },
    charge,
    hold: held.add,
    release: held.remove,
    close: held.close,
  };
}

/** 401 as RFC 6750 has it, naming the metadata of RFC 9728 that revisions from 2025-06-18 on ask for. */
function unauthorized(request: Request, kind: "missing" | "invalid"): Response {
  const host = request.headers.get("host") ?? "";
  const metadata = `resource_metadata="http://${host}${METADATA_PATH}"`;
  const error = kind === "invalid" ? ', error="invalid_token", error_description="unknown or revoked"' : "";
  const accepted = "Authorization: Bearer <token> is accepted, with a token of `mcp-task-server token create <agent>`";
  return refuse(401, `Unauthorized: ${kind} token; ${accepted}`, RPC.refused, {
    "www-authenticate": `Bearer realm="mcp-task-server", ${metadata}${error}`,
  });
}

/** Where the metadata of this protected resource lie, by RFC 9728. */
export const METADATA_PATH = "/.well-known/oauth-protected-resource";

/** What RFC 9728 tells of this server: tokens go into the header, and no authorization server hands them out. */
export function resourceMetadata(request: Request): Response {
  return Response.json({
    resource: `http://${request.headers.get("host") ?? ""}/mcp`,
    bearer_methods_supported: ["header"],
    resource_name: "mcp-task-server",
  });
}

function tooMany(reason: string, seconds: number): Response {
  return refuse(429, `Too Many Requests: ${reason}`, RPC.refused, { "retry-after": `${Math.ceil(seconds)}` });
}

/** Invalid tokens that one address may show in a window of this length, and how many addresses are remembered. */
const FAILURES = 10;
const WINDOW_MS = 60_000;
const ADDRESSES = 10_000;

function createFailures() {
  const windows = new Map<string, { count: number; ends: number }>();
  return {
    /** Counts one more; answers how many seconds this address has to wait, 0 while it need not. */
    add(address: string): number {
      const now = performance.now();
      const known = windows.get(address);
      const window = known === undefined || known.ends <= now ? { count: 0, ends: now + WINDOW_MS } : known;
      window.count++;
      windows.delete(address);
      windows.set(address, window);
      const [oldest] = windows.size > ADDRESSES ? windows.keys() : [];
      if (oldest !== undefined) {
        windows.delete(oldest);
      }
      return window.count > FAILURES ? (window.ends - now) / 1000 : 0;
    },
  };
}

/** One bucket a token, filled at `rate` a second up to one second's worth. */
function createAllowances(rate: number) {
  const buckets = new Map<string, { left: number; at: number }>();
  return {
    /** Takes; answers how many seconds to wait where there is not enough, and takes nothing then. */
    take(token_id: string, calls: number): number {
      if (rate === 0) {
        return 0;
      }
      const now = performance.now();
      const bucket = buckets.get(token_id) ?? { left: rate, at: now };
      bucket.left = Math.min(rate, bucket.left + ((now - bucket.at) / 1000) * rate);
      bucket.at = now;
      buckets.set(token_id, bucket);
      if (bucket.left < calls) {
        return Math.max(1, (calls - bucket.left) / rate);
      }
      bucket.left -= calls;
      return 0;
    },
  };
}

/** What is open for visitors who may lose their right to it. */
function createHeld(gate: Gate) {
  const held = new Map<string | undefined, Set<Closable>>();
  let timer: NodeJS.Timeout | undefined;
  async function look(): Promise<void> {
    for (const [token_id, all] of held) {
      if (!(await gate.holds(token_id).catch(() => true))) {
        for (const open of [...all]) {
          open.close();
        }
      }
    }
    timer = held.size === 0 ? undefined : setTimeout(() => void look(), LOOK_MS).unref();
  }
  return {
    add({ principal }: Visitor, open: Closable): void {
      const token_id = principal?.token_id;
      const all = held.get(token_id) ?? new Set();
      held.set(token_id, all);
      all.add(open);
      timer ??= setTimeout(() => void look(), LOOK_MS).unref();
    },
    remove({ principal }: Visitor, open: Closable): void {
      const token_id = principal?.token_id;
      const all = held.get(token_id);
      all?.delete(open);
      if (all?.size === 0) {
        held.delete(token_id);
      }
    },
    close(): void {
      held.clear();
      clearTimeout(timer);
    },
  };
}

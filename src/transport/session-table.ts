import type { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { SdkSession } from "../protocol/sessions.ts";
import type { SessionEvents } from "./event-store.ts";
import type { Outflow } from "./outflow.ts";
import type { Relay } from "./relay.ts";
import type { createSessionPosts } from "./session-posts.ts";

/** One client's session of `/mcp`. */
export interface Session {
  server: SdkSession;
  transport: WebStandardStreamableHTTPServerTransport;
  events: SessionEvents;
  /** The protocol revision it negotiated. */
  revision: string;
  /** When it was last used, on the process's own clock. */
  seen: number;
  /** Responses and streams that are still open. */
  streams: Set<Relay>;
  /** Requests under way. */
  posts: ReturnType<typeof createSessionPosts>;
  outflow: Outflow;
  /** The token that opened it, whose it is alone. */
  token_id: string | undefined;
}

/** A session without an open stream ends after this time without a request, in milliseconds. */
const IDLE_MS = 30 * 60_000;
const SWEEP_MS = 60_000;

export type SessionTable = ReturnType<typeof createSessionTable>;

/** At most `most` sessions by their id; clients often leave without a word, so idle ones are swept. */
export function createSessionTable(most: number) {
  const sessions = new Map<string, Session>();
  const sweep = setInterval(() => {
    for (const { streams, seen, server } of sessions.values()) {
      if (streams.size === 0 && performance.now() - seen > IDLE_MS) {
        void server.close();
      }
    }
  }, SWEEP_MS);
  sweep.unref();
  return {
    get: (id: string) => sessions.get(id),
    add: (id: string, session: Session) => void sessions.set(id, session),
    remove(id: string): void {
      sessions.get(id)?.events.close();
      sessions.delete(id);
    },
    size: () => sessions.size,
    /** Whether one more fits, closing the longest idle one where need be. */
    async makeRoom(): Promise<boolean> {
      if (sessions.size < most) {
        return true;
      }
      const idle = [...sessions.values()]
        .filter(({ streams }) => streams.size === 0)
        .sort((one, other) => one.seen - other.seen);
      await idle[0]?.server.close();
      return idle.length > 0;
    },
    async closeAll(): Promise<void> {
      clearInterval(sweep);
      await Promise.all([...sessions.values()].map(({ server }) => server.close()));
    },
  };
}

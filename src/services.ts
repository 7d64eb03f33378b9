import { createClock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Ending } from "./ending.ts";
import { createIds, createToken } from "./id.ts";
import { lazyArtifacts, lazyRepo, readFile } from "./late.ts";
import type { Log } from "./log.ts";
import { feedOf } from "./protocol/feed.ts";
import type { Services } from "./protocol/handlers.ts";
import { createScans } from "./redact/scans.ts";
import type { OpenDatabase } from "./store/sqlite/open.ts";
import { createSqliteStore } from "./store/sqlite/store.ts";
import type { Store } from "./store/store.ts";
import { createWaiters } from "./tools/waiters.ts";
import { createWatch, type Watch } from "./watch/watch.ts";

/** What the services need of the process around them. */
export interface ServicesHost {
  config: Config;
  database: OpenDatabase;
  log: Log;
  ending: Ending;
  /** Aborted when the server is about to end. */
  stopping: AbortSignal;
  env: Readonly<Record<string, string | undefined>>;
}

/** What calls are served with. */
export interface Served {
  services: Services;
  store: Store;
  /** Nothing is told, and nothing stored, any more. */
  close(): Promise<void>;
}

/** Store, watch and all that calls need beside them, on an open database. */
export function createServices({ config, database, log, ending, stopping, env }: ServicesHost): Served {
  let watch: Watch | undefined;
  const store = createSqliteStore(database, {
    now: createClock(),
    onCommit: () => watch?.poke(),
    onDamage: (error) => log.error(`the database is damaged: run mcp-task-server verify --db ${config.db}`, error),
    onOutdated: () => ending.end("a newer mcp-task-server has migrated the database", config.db),
    onFailed: (failure, error) => (failure === "replaced" ? ending.replaced(config.db) : ending.unsynced(error)),
  });
  const changes = createWatch(store, config.db, { onError: log.error });
  watch = changes;
  const waiters = createWaiters({ store, changes, stopping, onError: log.error });
  const repo = config.drift ? lazyRepo(env) : undefined;
  const artifacts = lazyArtifacts(config.artifacts, ending.unsynced);
  const tools = { store, artifacts, readFile, repo, id: createIds(), grant: grants(config), waiters };
  return {
    services: { tools, agent: config.agent, scans: createScans(config.secrets), feed: feedOf(changes), log },
    store,
    async close() {
      changes.close();
      await store.close();
    },
  };
}

/** What calls may grant: new tokens, and the configured times. */
function grants({ leaseSeconds, offerSeconds }: Config) {
  return (lease_seconds = leaseSeconds) => ({ token: createToken(), lease_seconds, offer_seconds: offerSeconds });
}

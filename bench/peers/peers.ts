import { join } from "node:path";
import type { Message } from "../support/messages.ts";

/** A tool call. */
export type Call = readonly [tool: string, args: Message];

/** A server from npm, and the calls of it that come nearest to ours. */
export interface Peer {
  name: string;
  package: string;
  version: string;
  /** Where it keeps tasks. */
  store: string;
  /** How it is started, from the installed packages, on a store in `folder`. */
  command(modules: string, folder: string): readonly string[];
  env?(folder: string): Record<string, string>;
  /** What has to be run in a new folder before. */
  prepare?(modules: string): readonly string[];
  create(n: string): Call;
  /** The id of a task in the text of the answer that created it. */
  idIn(text: string, n: string): string | undefined;
  /** `nth`: how often it has been updated before. */
  update(id: string, n: string, nth: number): Call;
  /** Absent where a task cannot be read alone. */
  get?(id: string): Call;
  /** A list as it is asked for every day; of every task, where that one ends before. */
  list(): Call;
  everything?(): Call;
}

const title = (n: string) => `Keep escapes in strings ${n}`;
const text =
  "The lexer calls unescape() before the token is cut; it has to be called after, and all tests have to pass.";
const uuid = (answer: string) => /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/.exec(answer)?.[0];

/** The peers, pinned. What each is called with was read from its own tool list. */
export const PEERS: readonly Peer[] = [
  {
    name: "task-orchestrator",
    package: "@allpepper/task-orchestrator",
    version: "3.3.3",
    store: "bun:sqlite, synchronous=NORMAL",
    command: (modules) => [process.execPath, join(modules, "@allpepper/task-orchestrator/src/server.ts")],
    env: (folder) => ({ TASK_ORCHESTRATOR_HOME: folder, TRANSPORT: "stdio" }),
    create: (n) => [
      "manage_container",
      { operation: "create", containerType: "task", title: title(n), summary: text, priority: "MEDIUM", complexity: 3 },
    ],
    idIn: (answer) => /"id":\s*"([0-9a-f]{32})"/.exec(answer)?.[1],
    update: (id, n, nth) => [
      "manage_container",
      { operation: "update", containerType: "task", id, summary: `${text} ${n}`, version: nth + 1 },
    ],
    get: (id) => ["query_container", { operation: "get", containerType: "task", id }],
    list: () => ["query_container", { operation: "search", containerType: "task", limit: 50 }],
    everything: () => ["query_container", { operation: "search", containerType: "task", limit: 1000 }],
  },
  {
    name: "Backlog.md",
    package: "backlog.md",
    version: "1.52.0",
    store: "a Markdown file a task",
    prepare: (modules) => [
      join(modules, ".bin/backlog"),
      ..."init p --defaults --integration-mode mcp --no-git".split(" "),
    ],
    command: (modules) => [join(modules, ".bin/backlog"), "mcp", "start"],
    create: (n) => ["task_create", { title: title(n), description: text }],
    idIn: (answer) => /\btask-\d+/i.exec(answer)?.[0],
    update: (id, n) => ["task_edit", { id, notesAppend: [n] }],
    get: (id) => ["task_view", { id }],
    list: () => ["task_list", {}],
  },
  {
    name: "server-memory",
    package: "@modelcontextprotocol/server-memory",
    version: "2026.8.31",
    store: "JSON lines, rewritten whole",
    command: (modules) => ["node", join(modules, "@modelcontextprotocol/server-memory/dist/index.js")],
    env: (folder) => ({ MEMORY_FILE_PATH: join(folder, "memory.jsonl") }),
    create: (n) => ["create_entities", { entities: [{ name: title(n), entityType: "task", observations: [text] }] }],
    idIn: (_, n) => title(n),
    update: (id, n) => ["add_observations", { observations: [{ entityName: id, contents: [n] }] }],
    get: (id) => ["open_nodes", { names: [id] }],
    list: () => ["read_graph", {}],
  },
  {
    name: "dex",
    package: "@zeeg/dex",
    version: "0.16.0",
    store: "JSON lines",
    command: (modules) => [process.execPath, join(modules, "@zeeg/dex/dist/index.js"), "mcp"],
    env: (folder) => ({ HOME: folder, DEX_STORAGE_PATH: join(folder, "dex") }),
    create: (n) => ["create_task", { name: title(n), description: text }],
    idIn: (answer) => /"id":\s*"([^"]+)"/.exec(answer)?.[1],
    update: (id, n) => ["update_task", { id, description: `${text} ${n}` }],
    list: () => ["list_tasks", {}],
  },
  {
    name: "shrimp",
    package: "mcp-shrimp-task-manager",
    version: "1.0.21",
    store: "JSON, rewritten whole",
    command: (modules) => ["node", join(modules, "mcp-shrimp-task-manager/dist/index.js")],
    env: (folder) => ({ DATA_DIR: folder, TEMPLATES_USE: "en", ENABLE_GUI: "false" }),
    create: (n) => [
      "split_tasks",
      {
        updateMode: "append",
        globalAnalysisResult: text,
        tasksRaw: JSON.stringify([
          {
            name: title(n),
            description: text,
            implementationGuide: text,
            dependencies: [],
            verificationCriteria: text,
          },
        ]),
      },
    ],
    idIn: uuid,
    update: (taskId, n) => ["update_task", { taskId, notes: n }],
    get: (taskId) => ["get_task_detail", { taskId }],
    list: () => ["list_tasks", { status: "all" }],
  },
  {
    name: "mcp-taskmanager",
    package: "@kazuph/mcp-taskmanager",
    version: "1.1.1",
    store: "JSON, rewritten whole",
    command: (modules) => ["node", join(modules, "@kazuph/mcp-taskmanager/dist/index.js")],
    env: (folder) => ({ TASK_MANAGER_FILE_PATH: join(folder, "tasks.json") }),
    create: (n) => ["request_planning", { originalRequest: title(n), tasks: [{ title: title(n), description: text }] }],
    idIn: (answer) => {
      const [request, task] = [/req-\d+/.exec(answer)?.[0], /\btask-\d+/.exec(answer)?.[0]];
      return request === undefined || task === undefined ? undefined : `${request} ${task}`;
    },
    update: (id, n) => {
      const [requestId, taskId] = id.split(" ");
      return ["update_task", { requestId, taskId, description: `${text} ${n}` }];
    },
    get: (id) => ["open_task_details", { taskId: id.split(" ")[1] }],
    list: () => ["list_requests", {}],
  },
];

/** Ourselves, called as the peers are: in a session, by the same client. */
export const OURS: Omit<Peer, "package" | "version" | "command"> = {
  name: "mcp-task-server",
  store: "bun:sqlite, synchronous=FULL",
  create: (n) => ["create_task", { title: title(n), goal: text, task_id: n }],
  idIn: (_, n) => n,
  update: (task_id, n) => ["save_checkpoint", { task_id, agent: "bench", completed_steps: [n], context: text }],
  get: (task_id) => ["get_task", { task_id }],
  list: () => ["list_tasks", { limit: 50 }],
  everything: () => ["list_tasks", { limit: 200 }],
};

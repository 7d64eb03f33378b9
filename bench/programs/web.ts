// `web <database>`: Bun.serve that echoes JSON on /echo and, on /save, answers after one transaction a call; prints its URL.
import { createRawWrite } from "./raw-write.ts";

const path = Bun.argv[2];
const save = path === undefined ? () => undefined : createRawWrite(path);
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  routes: {
    "/echo": { POST: async (request) => Response.json(await request.json()) },
    "/save": {
      POST: async (request) => {
        const { id } = Object(await request.json());
        save();
        return Response.json({ jsonrpc: "2.0", id, result: {} });
      },
    },
  },
});
await Bun.write(Bun.stderr, `${JSON.stringify({ msg: "listening", url: server.url.href.replace(/\/$/, "") })}\n`);

import { freshStore, startStdio } from "../support/server.ts";
import type { PublishedTool } from "./messages.ts";

/** The tools as the executable publishes them. */
export async function toolsOf(): Promise<PublishedTool[]> {
  const server = startStdio(freshStore());
  await server.initialize();
  const { tools } = { ...Object((await server.request("tools/list"))["result"]) };
  await server.end();
  return tools;
}

import { type Config, EXIT, StartRefusal } from "./config.ts";
import { isWildcard } from "./transport/guard.ts";

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  const octets = host.split(".").map((octet) => (/^\d{1,3}$/.test(octet) && Number(octet) < 256 ? Number(octet) : -1));
  const v4 = octets.length === 4 && octets[0] === 127 && !octets.includes(-1);
  return v4 || host === "::1" || host.toLowerCase() === "localhost";
}

/**
 * Beyond this machine nobody is served who cannot be told apart (without `tokens`), nor under a name that nobody has
 * vouched for. Throws `StartRefusal`.
 */
export function refuseOpenHost({ host, allowHosts }: Config, tokens: boolean): void {
  if (isLoopback(host)) {
    return;
  }
  if (!tokens) {
    throw new StartRefusal(
      EXIT.configuration,
      `Cannot listen on host "${host}": without tokens others could read and change every task; 127.0.0.0/8, ::1 and ` +
        "localhost are accepted (--host, MCP_TASK_HOST), any address once `mcp-task-server token create` has made a token",
    );
  }
  if (isWildcard(host) && allowHosts.length === 0) {
    throw new StartRefusal(
      EXIT.configuration,
      `Cannot listen on host "${host}": it stands for every address, and clients have to call the server by a name; ` +
        "with --allow-host <name> (MCP_TASK_ALLOW_HOSTS) it is accepted",
    );
  }
}

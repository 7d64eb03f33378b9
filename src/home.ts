import { homedir } from "node:os";

/** The user's home folder; `/` where neither HOME nor the machine knows one, as in a bare container. */
export function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return "/";
  }
}

import { oneLine } from "../domain/clean.ts";

const REMOTE_CHARACTERS = 500;

/**
 * The URL of a remote as others may read it: without user, password, query and fragment, which hold tokens. Of a remote
 * helper's address, which may be a command line, only the helper's name.
 */
export function withoutCredentials(url: string): string {
  const helper = /^([\w+.-]+)::/.exec(url)?.[1];
  const clean = helper === undefined ? withoutUser(url) : `${helper}::…`;
  return oneLine(clean).slice(0, REMOTE_CHARACTERS).toWellFormed();
}

function withoutUser(url: string): string {
  const [, scheme = "", rest = ""] = /^([A-Za-z][\w+.-]*:\/\/)?(.*)$/s.exec(url) ?? [];
  if (scheme === "" && !/^[^/\\]*@/.test(rest)) {
    return url;
  }
  const address = scheme === "" ? rest : rest.replace(/[?#].*$/s, "");
  const authority = address.split("/", 1)[0] ?? "";
  // A password with a slash in it leaves a port that is none: then whatever stands before the last @ is taken for it.
  const odd = !authority.includes("@") && /:(?!\d*$)/.test(authority.replace(/^\[[^\]]*\]/, ""));
  const end = odd ? address.lastIndexOf("@") : authority.lastIndexOf("@");
  return scheme + address.slice(end + 1);
}

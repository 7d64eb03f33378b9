import { describe, expect, test } from "bun:test";
import { withoutCredentials } from "../../src/repo/remote.ts";

describe("a remote's URL is kept without what may be secret", () => {
  test.each([
    ["https://host/app.git", "https://host/app.git"],
    ["https://user:pass@host:8443/app.git", "https://host:8443/app.git"],
    ["https://ghp_token@github.com/o/r", "https://github.com/o/r"],
    ["https://user:p@ss@host/r", "https://host/r"],
    ["https://user:p/ss@host/r", "https://host/r"],
    ["https://host/r?private_token=1#x", "https://host/r"],
    ["https://host/@scope/r", "https://host/@scope/r"],
    ["https://[::1]:80/r", "https://[::1]:80/r"],
    ["ssh://git:pw@host:22/r", "ssh://host:22/r"],
    ["git@host:o/r.git", "host:o/r.git"],
    ["/srv/git/r.git", "/srv/git/r.git"],
    ["../r@2", "../r@2"],
    ["ext::sh -c 'PASSWORD=1 ssh host'", "ext::…"],
    ["https://host/\u202er\n", "https://host/r "],
  ])("%s", (url, kept) => {
    expect(withoutCredentials(url)).toBe(kept);
  });
});

/** The places around the root that a name may try to reach; all below one folder. */
export interface Places {
  /** The folder that may be read. */
  root: string;
  /** A folder beside it, which holds `secret`. */
  outside: string;
  /** A folder whose name begins with the root's, which holds `secret` too. */
  twin: string;
}

const UPS = [
  ...["../", "..\\", "....//", "..%2f", "%2e%2e/", "%2e%2e%2f", "%252e%252e%252f", "..%c0%af", "..;/", "./../", "/../"],
  ...["..\u2215", "\u2025/", "\uff0e\uff0e\uff0f", "..\u0000/", "inside/../../"],
];
const DEVICES = [
  ...["CON", "PRN", "AUX", "NUL", "CLOCK$", "CONIN$"],
  ...Array.from({ length: 9 }, (_, n) => [`COM${n + 1}`, `LPT${n + 1}`]).flat(),
];
const SUFFIXES = ["", "/", "/.", "\u0000", "\u0000.txt", "%00", " ", ".", "::$DATA", "?x", "#x"];

/** Links that the test makes in the root. */
export const LINKS = (places: Places): Readonly<Record<string, string>> => ({
  "link-folder": places.outside,
  "link-file": `${places.outside}/secret`,
  "link-up": "..",
  "link-twin": places.twin,
  "link-relative": "../outside/secret",
  "link-chain": "link-file",
  "link-loop": "link-loop",
  "link-nowhere": "../outside/none",
  "link-root": "/",
});

/** 500 names that a careless program opens, or takes for more than names; each once. */
export function pathNames(places: Places): readonly string[] {
  const { root, outside, twin } = places;
  const targets = ["secret", "outside/secret", `${twin.slice(root.lastIndexOf("/") + 1)}/secret`, "etc/passwd"];
  const upwards = UPS.flatMap((up) =>
    [1, 2, 3, 9].flatMap((times) => targets.map((target) => up.repeat(times) + target)),
  );
  const absolute = [
    ...[
      `${outside}/secret`,
      `${twin}/secret`,
      `${root}/../outside/secret`,
      `${root}-evil/secret`,
      `/${outside}/secret`,
    ],
    ...["/etc/passwd", "/proc/self/environ", "/proc/self/root/etc/passwd", "/dev/stdin", "file:///etc/passwd"],
    ...["~/secret", "~root/.ssh/id_rsa", "C:\\secret", "\\\\?\\C:\\secret", "//server/share/secret"],
  ].flatMap((path) => SUFFIXES.map((suffix) => path + suffix));
  const linked = Object.keys(LINKS(places)).flatMap((link) => [link, `${link}/secret`, `${link}/../outside/secret`]);
  const devices = DEVICES.flatMap((device) => [device, `${device}.txt`, `${device.toLowerCase()}:`]);
  const texts = [
    ...["-rf", "--help", "*", "$(id)", "`id`", ";id", "|id", "\n/etc/passwd", "%", "%zz", "%ff%fe", "a?b", "a#b"],
    ...[
      ".",
      "..",
      "/",
      "//",
      "",
      " ",
      "\u0000",
      "\t",
      "...",
      ".git/config",
      ".GIT/config",
      "git~1/config",
      ".g\u200dit/config",
    ],
    ...["e\u0301", "\u00e9", "\ufb01", "\u202egnp.exe", "a\u200bb", "\u{e0041}", "\ufeffinside", "\ud800", "\u212a"],
    ...["a".repeat(255), "a".repeat(256), "a".repeat(4096), "a/".repeat(2048), "../".repeat(1365), "/".repeat(4096)],
    ...["\u00e9".repeat(128), `${root}/${"a/".repeat(2000)}`, `${"./".repeat(2000)}../outside/secret`],
  ];
  const names = new Set([...texts, ...linked, ...devices, ...absolute, ...upwards]);
  return [...names].slice(0, 500);
}

import type { SecretsMode } from "../config.ts";
import { findSecrets, hasSigns, WINDOW } from "./find.ts";
import type { Finding } from "./finding.ts";
import { bytesWithout, findSecretsInBytes } from "./in-bytes.ts";

/** The scan of one call for secrets. */
export interface Scan {
  /** The call's arguments, nested ones and the names of members too, without the secrets in them. */
  args: unknown;
  /** The bytes of a file without the secrets in them, where they are UTF-8. */
  bytes(given: Uint8Array): Promise<Uint8Array>;
  /** What the answer says of what was found; nothing where nothing was. */
  tally(): { redacted?: number; secrets_found?: number };
}

/** Arguments that the server gives a meaning to, which a changed value would not have; bytes are scanned decoded. */
const EXEMPT: ReadonlySet<string> = new Set([
  ...["task_id", "agent", "from_agent", "to_agent", "current_owner", "owner", "lease_token", "path", "cursor"],
  ...["kind", "mime_type", "status", "content_base64"],
]);

/** Arguments nested deeper are refused by whoever asks for the scan. */
const DEPTH = 40;

/** Scans the arguments of one call; at once where nothing in them is worth a closer look. */
export function scanCall(mode: SecretsMode, given: unknown): Scan | Promise<Scan> {
  const plain = mode === "off" || charactersWithoutSigns(given, DEPTH) <= WINDOW;
  return plain ? createScan(mode, given) : lookCloser(mode, given);
}

/** How many characters the texts of a value have, none with a sign of a secret; infinitely many where one has. */
function charactersWithoutSigns(value: unknown, depth: number): number {
  if (typeof value === "string") {
    return value.length > WINDOW || hasSigns(value) ? Number.POSITIVE_INFINITY : value.length;
  }
  if (typeof value !== "object" || value === null || depth === 0) {
    return 0;
  }
  let characters = 0;
  if (Array.isArray(value)) {
    for (const item of value) {
      characters += charactersWithoutSigns(item, depth - 1);
    }
    return characters;
  }
  for (const [name, inner] of Object.entries(value)) {
    characters += charactersWithoutSigns(name, depth);
    characters += isExempt(name, depth) ? 0 : charactersWithoutSigns(inner, depth - 1);
  }
  return characters;
}

/** Whether what stands under a name, this deep in the arguments, is left as it is. */
function isExempt(name: string, depth: number): boolean {
  return depth === DEPTH && EXEMPT.has(name);
}

async function lookCloser(mode: SecretsMode, given: unknown): Promise<Scan> {
  const counted = createScan(mode, given);
  const walk = async (value: unknown, depth: number): Promise<unknown> => {
    if (typeof value === "string") {
      return counted.text(value);
    }
    if (typeof value !== "object" || value === null || depth === 0) {
      return value;
    }
    if (Array.isArray(value)) {
      return inOrder(value, (item) => walk(item, depth - 1));
    }
    return Object.fromEntries(
      await inOrder(Object.entries(value), async ([name, inner]) => [
        await counted.text(name),
        isExempt(name, depth) ? inner : await walk(inner, depth - 1),
      ]),
    );
  };
  return { ...counted, args: await walk(given, DEPTH) };
}

/** A scan that has found nothing yet; `text` answers a text as it may be stored. */
function createScan(mode: SecretsMode, args: unknown): Scan & { text(written: string): Promise<string> } {
  let found = 0;
  async function text(written: string): Promise<string> {
    const findings = await findSecrets(written);
    found += findings.length;
    return mode === "redact" ? without(written, findings) : written;
  }
  return {
    args,
    text,
    async bytes(file) {
      const findings = (mode === "off" ? undefined : await findSecretsInBytes(file)) ?? [];
      found += findings.length;
      return mode === "redact" && findings.length > 0 ? bytesWithout(file, findings) : file;
    },
    tally: () => (found === 0 ? {} : mode === "redact" ? { redacted: found } : { secrets_found: found }),
  };
}

async function inOrder<A, B>(items: readonly A[], change: (item: A) => Promise<B>): Promise<B[]> {
  const changed: B[] = [];
  for (const item of items) {
    changed.push(await change(item));
  }
  return changed;
}

function without(text: string, findings: readonly Finding[]): string {
  let result = "";
  let from = 0;
  for (const { name, start, end } of findings) {
    result += `${text.slice(from, start)}[REDACTED:${name}]`;
    from = end;
  }
  return result + text.slice(from);
}

/** Where a secret stands in a text, and what told it. */
export interface Finding {
  name: string;
  start: number;
  /** Behind its last character. */
  end: number;
}

/** Findings in the order of the text, those that overlap made one; the name is that of the first. */
export function merged(findings: readonly Finding[]): Finding[] {
  const sorted = findings.toSorted((a, b) => a.start - b.start || b.end - a.end);
  const result: Finding[] = [];
  for (const finding of sorted) {
    const last = result.at(-1);
    if (last !== undefined && finding.start < last.end) {
      last.end = Math.max(last.end, finding.end);
    } else {
      result.push({ ...finding });
    }
  }
  return result;
}

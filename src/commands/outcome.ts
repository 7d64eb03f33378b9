/** What a command that ends by itself came to. */
export interface Outcome {
  /** For stdout: the result. */
  report: string;
  /** For stderr, a line each. */
  notes?: readonly string[];
  exitCode: number;
}

/** A number of things, in words. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

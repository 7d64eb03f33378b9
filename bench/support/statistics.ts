/** The value that a part of all values are at most: 0.5 is the median. NaN where there are none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}

/** The median of values, with their middle half. */
export function summary(values: readonly number[]): { value: number; spread: readonly [number, number] } {
  return { value: quantile(values, 0.5), spread: [quantile(values, 0.25), quantile(values, 0.75)] };
}

/** Ratios of what was measured one right after the other, which the machine's moods change alike. */
export function ratios(values: readonly number[], against: readonly number[]): number[] {
  return values.map((value, index) => value / (against[index] ?? Number.NaN));
}

/**
 * Measures A B C A B C …, `rounds` times, after one round that does not count, and answers the figures of each. `tell` is
 * told how far it is.
 */
export async function interleave<Name extends string>(
  rounds: number,
  measures: Readonly<Record<Name, () => Promise<number>>>,
  tell: (done: number, of: number) => void,
): Promise<Record<Name, number[]>> {
  const figures: Record<string, number[]> = {};
  for (let round = -1; round < rounds; round++) {
    for (const [name, measure] of Object.entries<() => Promise<number>>(measures)) {
      const figure = await measure();
      figures[name] ??= [];
      if (round >= 0) {
        figures[name].push(figure);
      }
    }
    tell(round + 1, rounds);
  }
  return figures;
}

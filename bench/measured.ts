// What a benchmark says: one line of JSON a figure on stdout. Ratios, not bare numbers, so that a
// figure means something on another machine; the reference is measured in the same run.

export interface Measured {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is held against, in the same unit; null where nothing comparable runs here. */
  readonly reference: number | null;
  /** How many times better than the reference: above 1 is better, whichever way the unit points. */
  readonly ratio: number | null;
  /** What the reference is, where the name does not say it. */
  readonly against?: string;
  /** Says which bound was missed; left out where the bound holds or there is none. */
  readonly missed?: string;
}

/** Prints a figure for the runner of `npm run bench`. */
export function report(measured: Measured): void {
  console.log(JSON.stringify(measured));
}

/** The middle of the sorted values; of an even count, the upper of the two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

// Falls from a peak, and the way back. Promises: each drawdown with the places of its peak, trough and
// recovery, so that a caller can date them; plain sums in the order given; null where undefined.
// Values are a strategy's wealth, one a period, above 0; n returns make n + 1 of them (`compounded`).

/** From a peak to the first value that is as high again. Places are indices into the values. */
export interface Drawdown {
  readonly peak: number;
  readonly trough: number;
  /** null: not yet recovered. */
  readonly recovery: number | null;
  /** Lowest value over the peak's, minus 1: below 0. */
  readonly depth: number;
  /** Periods from the peak to the recovery, or to the last value. */
  readonly length: number;
}

/**
 * Value over the highest value so far, minus 1: 0 at a peak, below 0 after. null if a peak is not
 * above 0.
 */
export function depths(values: readonly number[]): readonly number[] | null {
  let peak = values[0] ?? 1;
  if (!(peak > 0)) return null;
  return values.map((value) => {
    if (value > peak) peak = value;
    return value / peak - 1;
  });
}

/**
 * Every drawdown, in the order of time. One that touches its peak's value has recovered; where a peak
 * is held over several values, the fall starts at the last of them. null if a peak is not above 0.
 */
export function drawdowns(values: readonly number[]): readonly Drawdown[] | null {
  const falls = depths(values);
  if (falls === null) return null;
  const found: Drawdown[] = [];
  let peak = 0;
  let trough = 0;
  const end = (recovery: number | null, last: number): void => {
    if (trough === peak) return;
    found.push({ peak, trough, recovery, depth: falls[trough] as number, length: last - peak });
  };
  falls.forEach((depth, i) => {
    if (depth === 0) {
      end(i, i);
      peak = i;
      trough = i;
    } else if (trough === peak || depth < (falls[trough] as number)) trough = i;
  });
  end(null, values.length - 1);
  return found;
}

/** The `count` deepest, the deepest first; of two as deep the earlier first. */
export const deepest = (all: readonly Drawdown[], count: number): readonly Drawdown[] =>
  [...all].sort((a, b) => a.depth - b.depth).slice(0, count);

/**
 * Ulcer index: root mean square of the depths after the first value, as a fraction, not a percentage
 * (P. Martin, B. McCann, The Investor's Guide to Fidelity Funds, 1989).
 */
export function ulcerIndex(values: readonly number[]): number | null {
  const falls = depths(values);
  if (falls === null || falls.length < 2) return null;
  let squares = 0;
  for (const depth of falls) squares += depth * depth;
  return Math.sqrt(squares / (falls.length - 1));
}

/** Pain index: mean size of the depths after the first value (T. Becker, Zephyr Associates, 2006). */
export function painIndex(values: readonly number[]): number | null {
  const falls = depths(values);
  if (falls === null || falls.length < 2) return null;
  let sum = 0;
  for (const depth of falls) sum -= depth;
  return sum / (falls.length - 1);
}

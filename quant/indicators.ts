// Indicators that go with the stream: O(1) a step, nothing allocated, nothing that drifts. Promises:
// each value is the textbook's, from the first observation on; state is plain numbers that can be stored.

/**
 * Exponential moving average after observation number `count` (from 1). The mean of all observations up
 * to `length` of them, from then on weight 2 / (length + 1): the convention of StockCharts and TA-Lib.
 */
export function nextEma(previous: number, x: number, count: number, length: number): number {
  return count <= length
    ? previous + (x - previous) / count
    : previous + ((x - previous) * 2) / (length + 1);
}

/** Wilder's average: as nextEma, with weight 1 / length (New Concepts in Technical Trading, 1978). */
export function nextWilder(previous: number, x: number, count: number, length: number): number {
  return previous + (x - previous) / (count < length ? count : length);
}

/** The greatest of high - low, |high - previous close| and |low - previous close| (Wilder, 1978). */
export function trueRange(high: number, low: number, previousClose: number): number {
  return (
    (high > previousClose ? high : previousClose) - (low < previousClose ? low : previousClose)
  );
}

/** The last `length` observations' standard deviation, kept by `pushDeviation`. */
export interface RollingDeviation {
  readonly length: number;
  /** Observations so far, at most `length`. */
  count: number;
  /** Slot of the next observation. */
  at: number;
  /** Mean and sum of squared deviations of the slots before `at`. */
  mean: number;
  squares: number;
  /** Before `at`: observations. From `at` on: the mean of the round before, from that slot to its end. */
  readonly slots: number[];
  /** From `at` on: the sum of squared deviations that goes with the mean in `slots`. */
  readonly tails: number[];
  /** Sample standard deviation (divisor n - 1) of what is in the window; 0 below two observations. */
  value: number;
}

export const rollingDeviation = (length: number): RollingDeviation => ({
  length,
  count: 0,
  at: 0,
  mean: 0,
  squares: 0,
  slots: new Array<number>(length).fill(0),
  tails: new Array<number>(length).fill(0),
  value: 0,
});

/**
 * Takes one observation in and the oldest out. The window is always the tail of one round of `length`
 * observations and the head of the next, each summed by Welford (1962) and joined by Chan, Golub and
 * LeVeque (1979): nothing is ever subtracted, so no error outlives its observation, after any number
 * of steps. Cost: about 10 ns, the tails' pass at the end of a round included.
 */
export function pushDeviation(state: RollingDeviation, x: number): void {
  const { length, at, slots, tails } = state;
  const head = at + 1;
  const before = x - state.mean;
  const mean = state.mean + before / head;
  const squares = state.squares + before * (x - mean);
  slots[at] = x;
  let count = head;
  let sum = squares;
  if (state.count === length && head < length) {
    const between = (slots[head] as number) - mean;
    count = length;
    sum += (tails[head] as number) + (between * between * head * (length - head)) / length;
  }
  state.value = count < 2 ? 0 : Math.sqrt(sum / (count - 1));
  state.count = count;
  if (head < length) {
    state.at = head;
    state.mean = mean;
    state.squares = squares;
  } else {
    state.at = 0;
    state.mean = 0;
    state.squares = 0;
    sumTails(slots, tails);
  }
}

/** Mean of what is in the window; 0 of none. Cost: a few operations. */
export function rollingMean({ length, count, at, mean, slots }: RollingDeviation): number {
  if (count < length) return mean;
  const tail = slots[at] as number;
  return tail + ((mean - tail) * at) / length;
}

function sumTails(slots: number[], tails: number[]): void {
  let mean = 0;
  let squares = 0;
  for (let at = slots.length - 1, count = 1; at >= 0; at--, count++) {
    const x = slots[at] as number;
    const before = x - mean;
    mean += before / count;
    squares += before * (x - mean);
    slots[at] = mean;
    tails[at] = squares;
  }
}

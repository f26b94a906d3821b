// Was the best of many backtests picked by luck? Combinatorially symmetric cross-validation. Promises:
// every split into two halves is looked at, in lexicographic order; the same answer on every engine.
// D. Bailey, J. Borwein, M. López de Prado, Q. Zhu, "The probability of backtest overfitting", Journal of
// Computational Finance 20(4), 2017 (2015).

import { blockMoments, blockSharpe } from "./block-sharpe.ts";
import { naturalLog } from "./logarithm.ts";

/** One entry a split, in the order of the splits. */
export interface OverfittingResult {
  /** Share of splits in which the best trial in sample is at or below the median out of sample. */
  readonly probability: number;
  /** ln(ω / (1 - ω)), ω the rank out of sample of the best in sample, from 1 (worst) to N, over N + 1. */
  readonly logits: Float64Array;
  /** Sharpe ratio (of one period) of the best in sample: in sample, and out of it. */
  readonly inSample: Float64Array;
  readonly outOfSample: Float64Array;
  /** Share of splits in which the best in sample loses out of sample. */
  readonly lossProbability: number;
  /** Slope of outOfSample on inSample: below 0, the better it looked the worse it did. null if undefined. */
  readonly degradation: number | null;
}

/**
 * PBO by CSCV. `trials` are the returns of each configuration over the same periods. The periods are cut
 * into `blocks` (even, 2 to 20; 16 in the paper) whose lengths differ by at most one; each half of them
 * is the sample once. A trial that does not move has Sharpe ratio 0. Ties: the first trial is the best,
 * ranks are mid-ranks. RangeError for fewer than two trials, series of several lengths, or fewer periods
 * than two a block. Cost: C(blocks, blocks/2) × trials × blocks: 12,870 × 100 × 16 take 0.2 s.
 */
export function backtestOverfitting(
  trials: readonly (readonly number[])[],
  blocks: number,
): OverfittingResult {
  check(trials, blocks);
  const sums = trials.map((returns) => blockMoments(returns, blocks));
  const splits = halves(blocks);
  const logits = new Float64Array(splits.length);
  const inSample = new Float64Array(splits.length);
  const outOfSample = new Float64Array(splits.length);
  const rest = new Float64Array(trials.length);
  splits.forEach((chosen, split) => {
    let best = 0;
    let highest = Number.NEGATIVE_INFINITY;
    sums.forEach((trial, i) => {
      const sharpe = blockSharpe(trial, chosen, 1);
      rest[i] = blockSharpe(trial, chosen, 0);
      if (sharpe > highest) {
        highest = sharpe;
        best = i;
      }
    });
    const rank = midRank(rest, best);
    inSample[split] = highest;
    outOfSample[split] = rest[best] as number;
    logits[split] = naturalLog(rank / (trials.length + 1 - rank));
  });
  return {
    probability: share(logits, (logit) => logit <= 0),
    logits,
    inSample,
    outOfSample,
    lossProbability: share(outOfSample, (sharpe) => sharpe < 0),
    degradation: slope(inSample, outOfSample),
  };
}

/** Every choice of half of the blocks, as flags: C(blocks, blocks / 2) of them, lexicographic. */
function halves(blocks: number): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  const flags = new Uint8Array(blocks);
  const choose = (from: number, left: number): void => {
    if (left === 0) {
      found.push(flags.slice());
      return;
    }
    for (let block = from; block <= blocks - left; block++) {
      flags[block] = 1;
      choose(block + 1, left - 1);
      flags[block] = 0;
    }
  };
  choose(0, blocks / 2);
  return found;
}

/** Place of values[at] from the lowest, 1 … n; equal ones share the mean of their places. */
function midRank(values: Float64Array, at: number): number {
  const own = values[at] as number;
  let lower = 0;
  let equal = 0;
  for (const value of values) {
    if (value < own) lower++;
    else if (value === own) equal++;
  }
  return lower + (equal + 1) / 2;
}

function share(values: Float64Array, counts: (value: number) => boolean): number {
  let found = 0;
  for (const value of values) if (counts(value)) found++;
  return found / values.length;
}

function slope(x: Float64Array, y: Float64Array): number | null {
  const meanX = x.reduce((sum, value) => sum + value, 0) / x.length;
  const meanY = y.reduce((sum, value) => sum + value, 0) / y.length;
  let cross = 0;
  let square = 0;
  for (let i = 0; i < x.length; i++) {
    const deviation = (x[i] as number) - meanX;
    cross += deviation * ((y[i] as number) - meanY);
    square += deviation * deviation;
  }
  return square > 0 ? cross / square : null;
}

function check(trials: readonly (readonly number[])[], blocks: number): void {
  const periods = trials[0]?.length ?? 0;
  if (!(Number.isInteger(blocks) && blocks % 2 === 0 && blocks >= 2 && blocks <= 20)) {
    throw new RangeError(`${blocks} is not an even number of blocks from 2 to 20`);
  }
  if (trials.length < 2) throw new RangeError(`${trials.length} trials: there is no best of them`);
  if (trials.some((returns) => returns.length !== periods)) {
    throw new RangeError("the trials are not equally long");
  }
  if (periods < 2 * blocks) throw new RangeError(`${periods} periods for ${blocks} blocks`);
}

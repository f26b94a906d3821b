// The Sharpe ratio of any choice of blocks of a series, without its returns: what cross-validation asks for
// thousands of times. Promises: plain sums in the order of the blocks; O(blocks) a choice.

/**
 * By block: its returns, their mean, the sum of their squared deviations from it. None depends on other
 * blocks: series that are alike in some have the same Sharpe ratio there, to the last bit.
 */
export interface BlockMoments {
  readonly counts: Float64Array;
  readonly means: Float64Array;
  readonly squares: Float64Array;
}

/** Cuts the returns into `blocks` whose lengths differ by at most one; each must hold at least one. */
export function blockMoments(returns: readonly number[], blocks: number): BlockMoments {
  const counts = new Float64Array(blocks);
  const means = new Float64Array(blocks);
  const squares = new Float64Array(blocks);
  for (let block = 0; block < blocks; block++) {
    const start = Math.floor((block * returns.length) / blocks);
    const end = Math.floor(((block + 1) * returns.length) / blocks);
    const first = returns[start] as number;
    let sum = 0;
    for (let i = start; i < end; i++) sum += (returns[i] as number) - first;
    const mean = first + sum / (end - start);
    let square = 0;
    for (let i = start; i < end; i++) {
      const deviation = (returns[i] as number) - mean;
      square += deviation * deviation;
    }
    counts[block] = end - start;
    means[block] = mean;
    squares[block] = square;
  }
  return { counts, means, squares };
}

/**
 * Mean over sample deviation of the returns in the blocks whose flag is `wanted`; 0 where they do not
 * move. Means are summed as differences from the first, so that equal ones leave no rounding error.
 */
export function blockSharpe(
  { counts, means, squares }: BlockMoments,
  chosen: Uint8Array,
  wanted: number,
): number {
  const base = means[chosen.indexOf(wanted)] as number;
  let count = 0;
  let sum = 0;
  for (let block = 0; block < chosen.length; block++) {
    if (chosen[block] !== wanted) continue;
    const size = counts[block] as number;
    count += size;
    sum += size * ((means[block] as number) - base);
  }
  const mean = base + sum / count;
  let square = 0;
  for (let block = 0; block < chosen.length; block++) {
    if (chosen[block] !== wanted) continue;
    const apart = (means[block] as number) - mean;
    square += (squares[block] as number) + (counts[block] as number) * apart * apart;
  }
  return square > 0 ? mean / Math.sqrt(square / (count - 1)) : 0;
}

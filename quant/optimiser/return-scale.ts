// In which unit returns are counted: a power of two, so that nothing is rounded by it.

/** The power of two that brings a typical return, the mean size of those that are not 0, to about 1. */
export function scaleOf(returns: Float64Array): number {
  let sum = 0;
  let count = 0;
  const step = Math.max(1, Math.floor(returns.length / 4096));
  for (let k = 0; k < returns.length; k += step) {
    const size = Math.abs(returns[k] as number);
    if (size > 0) count++;
    sum += size;
  }
  if (count === 0) for (const value of returns) sum = Math.max(sum, Math.abs(value));
  return powerOfTwo(sum === 0 ? 1 : Math.max(1, count) / sum);
}

/** The power of two next below a positive number. */
export function powerOfTwo(value: number): number {
  let power = 1;
  while (power * 2 <= value) power *= 2;
  while (power > value) power /= 2;
  return power;
}

// Measures of the last `window` periods, at every period. Promises: O(n) whatever the window; nothing is
// ever subtracted from a sum, so no error outlives its observation; null until the window is full.

/** Moments of a stretch: its means and the sums of products of deviations from them. */
interface Stretch {
  count: number;
  meanX: number;
  meanY: number;
  xx: number;
  xy: number;
  yy: number;
}

/** Sample standard deviation of each window × √periodsPerYear. `window` is an integer from 2. */
export const rollingVolatility = (
  returns: readonly number[],
  window: number,
  periodsPerYear: number,
): readonly (number | null)[] =>
  roll(returns, returns, window, ({ xx, count }) => Math.sqrt((xx / (count - 1)) * periodsPerYear));

/**
 * Mean over sample standard deviation of each window × √periodsPerYear; the risk-free rate is 0. null
 * where nothing moves.
 */
export const rollingSharpe = (
  returns: readonly number[],
  window: number,
  periodsPerYear: number,
): readonly (number | null)[] =>
  roll(
    returns,
    returns,
    window,
    ({ xx, meanX, count }) => (meanX / Math.sqrt(xx / (count - 1))) * Math.sqrt(periodsPerYear),
  );

/** Slope of the regression on the benchmark in each window; null where the benchmark does not move. */
export const rollingBeta = (
  returns: readonly number[],
  benchmark: readonly number[],
  window: number,
): readonly (number | null)[] => roll(returns, benchmark, window, ({ xy, yy }) => xy / yy);

/**
 * The periods are cut into rounds of `window`. Each window is the tail of one round and the head of the
 * next: both are summed by Welford (1962), the tails backwards, and joined by Chan, Golub and LeVeque
 * (1979).
 */
function roll(
  x: readonly number[],
  y: readonly number[],
  window: number,
  measure: (moments: Stretch) => number,
): readonly (number | null)[] {
  if (!(Number.isInteger(window) && window >= 2)) {
    throw new RangeError(`${window} is not a window of 2 or more periods`);
  }
  if (x.length !== y.length) throw new RangeError(`${x.length} returns for ${y.length} others`);
  const answers = new Array<number | null>(x.length).fill(null);
  const tails = new Array<Stretch>(window);
  let head = nothing();
  for (let i = 0; i < x.length; i++) {
    const place = i % window;
    if (place === 0) head = nothing();
    push(head, x[i] as number, y[i] as number);
    const tail = tails[place + 1];
    if (i >= window - 1)
      answers[i] = defined(measure(tail === undefined ? head : join(tail, head)));
    if (place === window - 1) {
      const sum = nothing();
      for (let at = window - 1; at > 0; at--) {
        push(sum, x[i - window + 1 + at] as number, y[i - window + 1 + at] as number);
        tails[at] = { ...sum };
      }
    }
  }
  return answers;
}

const nothing = (): Stretch => ({ count: 0, meanX: 0, meanY: 0, xx: 0, xy: 0, yy: 0 });

function push(stretch: Stretch, x: number, y: number): void {
  const beforeX = x - stretch.meanX;
  const beforeY = y - stretch.meanY;
  stretch.count++;
  stretch.meanX += beforeX / stretch.count;
  stretch.meanY += beforeY / stretch.count;
  stretch.xx += beforeX * (x - stretch.meanX);
  stretch.xy += beforeX * (y - stretch.meanY);
  stretch.yy += beforeY * (y - stretch.meanY);
}

function join(tail: Stretch, head: Stretch): Stretch {
  const count = tail.count + head.count;
  const betweenX = head.meanX - tail.meanX;
  const betweenY = head.meanY - tail.meanY;
  const weight = (tail.count * head.count) / count;
  return {
    count,
    meanX: tail.meanX + (betweenX * head.count) / count,
    meanY: tail.meanY + (betweenY * head.count) / count,
    xx: tail.xx + head.xx + betweenX * betweenX * weight,
    xy: tail.xy + head.xy + betweenX * betweenY * weight,
    yy: tail.yy + head.yy + betweenY * betweenY * weight,
  };
}

const defined = (value: number): number | null => (Number.isFinite(value) ? value : null);

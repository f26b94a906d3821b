// Finds returns that stand out from the ones before them. Method: the logarithmic return's robust
// z-score, (r - median) / (1.4826 × MAD), over the last 256 returns of the series (Iglewicz and
// Hoaglin, How to Detect and Handle Outliers, 1993); a spike has |z| > 10. The spread is never taken
// below one tick, so that a quiet series does not make every tick a spike. Promises: one pass, fixed memory.

const WINDOW = 256;
/** Median and spread are computed anew every so many returns: they move slowly, sorting is dear. */
const REFRESH = 64;
/** Returns before the first verdict. */
const WARM_UP = 32;
export const SPIKE_Z = 10;
/** The standard deviation of a normal distribution over its MAD. */
const NORMAL_MAD = 1.4826;

export class SpikeDetector {
  private readonly returns = new Float64Array(WINDOW);
  private readonly sorted = new Float64Array(WINDOW);
  private count = 0;
  private lastPrice = 0;
  private median = 0;
  private spread = 0;

  /** Whether `price` is a spike; `tick` in the same unit. Both positive. */
  add(price: number, tick: number): boolean {
    const last = this.lastPrice;
    this.lastPrice = price;
    if (last <= 0) return false;
    const change = price === last ? 0 : Math.log(price / last);
    const { count } = this;
    if (count >= WARM_UP && (count === WARM_UP || count % REFRESH === 0)) this.refresh();
    const least = tick / last;
    const spread = this.spread > least ? this.spread : least;
    const spike = count >= WARM_UP && Math.abs(change - this.median) > SPIKE_Z * spread;
    this.returns[count % WINDOW] = change;
    this.count = count + 1;
    return spike;
  }

  private refresh(): void {
    const size = Math.min(this.count, WINDOW);
    const sorted = this.sorted.subarray(0, size);
    sorted.set(this.returns.subarray(0, size));
    this.median = middleOf(sorted);
    for (let i = 0; i < size; i++) sorted[i] = Math.abs((sorted[i] as number) - this.median);
    this.spread = NORMAL_MAD * middleOf(sorted);
  }
}

/** The median; sorts in place. */
function middleOf(values: Float64Array): number {
  values.sort();
  const half = values.length >> 1;
  const upper = values[half] as number;
  return values.length % 2 === 1 ? upper : ((values[half - 1] as number) + upper) / 2;
}

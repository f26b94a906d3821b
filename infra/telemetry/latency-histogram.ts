// Counts of durations in fixed buckets, for what happens often: adding one is a short search and three
// additions, with no label to hash and nothing allocated. The registry reads the counts at a scrape.

/**
 * Upper bounds in seconds, the last one open: from a broker beside us to a time-out of transactions.
 * Neighbours differ by a factor of 1.3 to 2.5, which bounds the error of a quantile read from them.
 */
export const latencyBoundsSeconds: readonly number[] = [
  0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2,
  0.3, 0.5, 0.75, 1, 2, 5, 10, 30, 60,
];

export class LatencyHistogram {
  /** Of each bound, how many fell above the bound before it and not above this one; then the rest. */
  readonly counts: Float64Array = new Float64Array(latencyBoundsSeconds.length + 1);
  sumSeconds = 0;
  count = 0;

  /** A duration below 0 (two clocks that disagree) counts as 0; one that is no number is ignored. */
  add(seconds: number): void {
    if (Number.isNaN(seconds)) return;
    const duration = Math.max(0, seconds);
    let low = 0;
    let high = latencyBoundsSeconds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (duration <= (latencyBoundsSeconds[middle] as number)) high = middle;
      else low = middle + 1;
    }
    this.counts[low] = (this.counts[low] as number) + 1;
    this.sumSeconds += duration;
    this.count++;
  }
}

// A long series kept as a bounded number of time buckets. Promises: never more than `limit` buckets;
// the result depends on the points alone, not on how they were fed or when the fold was interrupted;
// with merges that keep extremes (M4 aggregation: Jugel et al., VLDB 2014) no peak is lost.

export interface Bucket<V> {
  readonly index: number;
  value: V;
}

/** Plain data. Buckets lie in time order and are `width` µs wide, a power of two. */
export interface Buckets<V> {
  readonly limit: number;
  width: number;
  items: Bucket<V>[];
}

export const emptyBuckets = <V>(limit: number): Buckets<V> => ({ limit, width: 1, items: [] });

/**
 * Adds a point. `merge(earlier, later)` joins two neighbours; it must be associative.
 * Times must not fall. Cost: O(1) amortised; a doubling of the width costs O(limit).
 */
export function addToBuckets<V>(
  buckets: Buckets<V>,
  timeUs: number,
  value: V,
  merge: (earlier: V, later: V) => V,
): void {
  const { items } = buckets;
  const index = Math.floor(timeUs / buckets.width);
  const last = items[items.length - 1];
  if (last !== undefined && last.index === index) {
    last.value = merge(last.value, value);
    return;
  }
  items.push({ index, value });
  while (buckets.items.length > buckets.limit) widen(buckets, merge);
}

function widen<V>(buckets: Buckets<V>, merge: (earlier: V, later: V) => V): void {
  const wider: Bucket<V>[] = [];
  for (const { index, value } of buckets.items) {
    const half = Math.floor(index / 2);
    const last = wider[wider.length - 1];
    if (last !== undefined && last.index === half) last.value = merge(last.value, value);
    else wider.push({ index: half, value });
  }
  buckets.items = wider;
  buckets.width *= 2;
}

/** First, least, greatest and last point of a stretch of time. */
export interface Extent<P> {
  readonly first: P;
  readonly low: P;
  readonly high: P;
  readonly last: P;
}

export const extentOf = <P>(point: P): Extent<P> => ({
  first: point,
  low: point,
  high: point,
  last: point,
});

/** Joins neighbouring extents; of equal extremes the earlier one stays. */
export const mergeExtents =
  <P>(isBelow: (a: P, b: P) => boolean) =>
  (earlier: Extent<P>, later: Extent<P>): Extent<P> => ({
    first: earlier.first,
    low: isBelow(later.low, earlier.low) ? later.low : earlier.low,
    high: isBelow(earlier.high, later.high) ? later.high : earlier.high,
    last: later.last,
  });

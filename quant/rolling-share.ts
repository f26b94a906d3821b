// The share of the last so many observations that were good. Promises: exact; O(1) an observation; state is
// plain numbers that can be stored.

export interface RollingShare {
  readonly length: number;
  /** Observations so far, at most `length`, and how many of them were good. */
  count: number;
  good: number;
  at: number;
  /** A ring of 0 and 1. */
  readonly slots: number[];
}

export const rollingShare = (length: number): RollingShare => ({
  length,
  count: 0,
  good: 0,
  at: 0,
  slots: [],
});

export function pushShare(share: RollingShare, isGood: boolean): void {
  const good = isGood ? 1 : 0;
  share.good += good - (share.slots[share.at] ?? 0);
  share.slots[share.at] = good;
  share.at = (share.at + 1) % share.length;
  if (share.count < share.length) share.count++;
}

/** In basis points, down; null until the window is full. Below a limit exactly where the share is. */
export const shareBps = ({ length, count, good }: RollingShare): number | null =>
  count < length ? null : Math.floor((good * 10_000) / length);

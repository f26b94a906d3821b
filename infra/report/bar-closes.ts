// Which of a portfolio's snapshots show it as it stood at a bar's close. Bars of one instant are marked one
// after the other, and what was decided at an open is heard of after the close that follows: states between
// hold prices of two times, and were never there. Promises: of each close the last snapshot before the next
// one counts, and every state without a position does; a comparison or two a snapshot.

import type { PortfolioSnapshot } from "../../schemas/generated/portfolio.snapshots.ts";

export class BarCloses {
  private markUs = Number.NEGATIVE_INFINITY;
  private lastUs = Number.NEGATIVE_INFINITY;
  private isFlat = false;

  /** Whether the snapshot before this one stands. In time order; the last of all stands as well. */
  ends({ cause, grossExposure }: PortfolioSnapshot, timeUs: number): boolean {
    const isMark = cause === "MARK" && timeUs > this.markUs;
    // Nothing is marked while nothing is held: what comes next, comes of a later close.
    const ended = isMark || (this.isFlat && timeUs > this.lastUs);
    if (isMark) this.markUs = timeUs;
    this.lastUs = timeUs;
    this.isFlat = grossExposure === 0n;
    return ended;
  }
}

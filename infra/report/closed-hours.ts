// When the market was closed, from the times of its bars. Promises: what the book held has no part in it; a
// pause is closed hours where a day has several bars, and it is an hour at least and many bars long; bounded
// whatever the run's length.

import type { MarketBar } from "../../schemas/generated/market.bars.ts";

const DAY_US = 86_400_000_000;
const HOUR_US = 3_600_000_000;
/** Bars that did not come: fewer are trades that did not come. */
const LEAST_BARS = 8;
/** More pauses than that are thinner than a line where all are seen. */
const MOST = 600;

/** Parallel arrays, rising: a pause runs from the end of the last bar before it to that of the first after it. */
export interface ClosedHours {
  /** The length of a bar; 0 where there was none. */
  readonly barUs: number;
  readonly fromUs: readonly number[];
  readonly toUs: readonly number[];
}

export class ClosedHoursDigest {
  private lastEndUs: number | null = null;
  /** Day of each symbol's last bar, until one has two in a day. */
  private readonly days = new Map<string, number>();
  private isIntraday = false;
  private barUs = Number.POSITIVE_INFINITY;
  private readonly fromUs: number[] = [];
  private readonly toUs: number[] = [];

  /** In the one order. A bar built from prints may come long after its end: its own times count. */
  bar({ symbol, startUs, endUs }: MarketBar): void {
    const { lastEndUs } = this;
    if (lastEndUs === null || endUs > lastEndUs) this.lastEndUs = endUs;
    if (!this.isIntraday) {
      const day = Math.floor((endUs - 1) / DAY_US);
      this.isIntraday = this.days.get(symbol) === day;
      this.days.set(symbol, day);
    }
    const widthUs = endUs - startUs;
    if (widthUs < this.barUs) this.barUs = widthUs;
    if (lastEndUs === null || this.fromUs.length > MOST) return;
    const pauseUs = startUs - lastEndUs;
    if (pauseUs < HOUR_US || pauseUs < LEAST_BARS * widthUs) return;
    this.fromUs.push(lastEndUs);
    this.toUs.push(endUs);
  }

  end(): ClosedHours {
    const { fromUs, toUs } = this;
    const barUs = Number.isFinite(this.barUs) ? this.barUs : 0;
    return !this.isIntraday || fromUs.length > MOST
      ? { barUs, fromUs: [], toUs: [] }
      : { barUs, fromUs, toUs };
  }
}

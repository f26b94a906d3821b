// A portfolio's snapshots digested in one pass: a bounded curve, the worst drawdowns, samples. Promises:
// curve and drawdowns are of the book as it stood at a bar's close (bar-closes.ts).

import { addToBuckets, type Extent, emptyBuckets, extentOf } from "../../quant/down-sample.ts";
import type { PortfolioSnapshot } from "../../schemas/generated/portfolio.snapshots.ts";
import { BarCloses } from "./bar-closes.ts";
import type { Drawdown, EquitySeries } from "./report-data.ts";
import type { EquitySampling } from "./sampling.ts";

/** Each keeps up to five points: first, least, greatest, deepest and last. */
const BUCKETS = 400;
const WORST = 5;
const DAY_US = 86_400_000_000;

interface Point {
  readonly timeUs: number;
  readonly equity: bigint;
  readonly peak: bigint;
  readonly gross: bigint;
  readonly net: bigint;
  /** (equity - peak) / peak: 0 or below. */
  readonly drawdown: number;
}

interface Stretch extends Extent<Point> {
  readonly deepest: Point;
}

const merge = (earlier: Stretch, later: Stretch): Stretch => ({
  first: earlier.first,
  low: later.low.equity < earlier.low.equity ? later.low : earlier.low,
  high: later.high.equity > earlier.high.equity ? later.high : earlier.high,
  deepest: later.deepest.drawdown < earlier.deepest.drawdown ? later.deepest : earlier.deepest,
  last: later.last,
});

interface Fall {
  peakUs: number;
  troughUs: number;
  depth: number;
}

export class EquityDigest {
  private readonly curve = emptyBuckets<Stretch>(BUCKETS);
  private readonly sampling: EquitySampling;
  private worst: Drawdown[] = [];
  private fall: Fall | null = null;
  private peak: bigint;
  private peakUs: number | null = null;
  private readonly closes = new BarCloses();
  /** Heard, and not known yet to stand. */
  private last: { readonly timeUs: number; readonly snapshot: PortfolioSnapshot } | null = null;
  fromUs: number | null = null;
  toUs: number | null = null;
  equity: bigint;

  constructor(initialEquity: bigint, sampling: EquitySampling) {
    this.sampling = sampling;
    this.equity = initialEquity;
    this.peak = initialEquity;
  }

  /** In time order. */
  add(timeUs: number, snapshot: PortfolioSnapshot): void {
    const { equity, grossExposure: gross } = snapshot;
    this.fromUs ??= timeUs;
    this.toUs = timeUs;
    this.equity = equity;
    this.sampling.snapshot(timeUs, { equity, gross });
    if (this.closes.ends(snapshot, timeUs)) this.settle();
    this.last = { timeUs, snapshot };
  }

  private settle(): void {
    if (this.last === null) return;
    const { timeUs, snapshot } = this.last;
    this.last = null;
    const { equity, grossExposure: gross, netExposure: net } = snapshot;
    this.peakUs ??= timeUs;
    if (equity >= this.peak) {
      this.recover(timeUs);
      this.peak = equity;
      this.peakUs = timeUs;
    }
    const { peak } = this;
    const drawdown = peak > 0n ? -Number(peak - equity) / Number(peak) : 0;
    if (drawdown < 0) this.deepen(timeUs, -drawdown);
    const point = { timeUs, equity, peak, gross, net, drawdown };
    addToBuckets(this.curve, timeUs, { ...extentOf(point), deepest: point }, merge);
  }

  private deepen(timeUs: number, depth: number): void {
    this.fall ??= { peakUs: this.peakUs ?? timeUs, troughUs: timeUs, depth: 0 };
    if (depth <= this.fall.depth) return;
    this.fall.depth = depth;
    this.fall.troughUs = timeUs;
  }

  private recover(recoveredUs: number | null): void {
    if (this.fall === null) return;
    this.worst = [...this.worst, { ...this.fall, recoveredUs }]
      .sort((a, b) => b.depth - a.depth || a.peakUs - b.peakUs)
      .slice(0, WORST);
    this.fall = null;
  }

  /** The deepest falls, deepest first; one that has not recovered yet is among them. */
  drawdowns(): readonly Drawdown[] {
    this.settle();
    this.recover(null);
    return this.worst;
  }

  series(currencyScale: number): EquitySeries {
    this.settle();
    const points = this.curve.items.flatMap(({ value }) => pointsOf(value));
    const units = (amount: bigint): number => Number(amount) / 10 ** currencyScale;
    return {
      timeUs: points.map((point) => point.timeUs),
      equity: points.map((point) => units(point.equity)),
      drawdown: points.map((point) => point.drawdown),
      gross: points.map((point) => units(point.gross)),
      net: points.map((point) => units(point.net)),
    };
  }
}

/** Each point once, in time order; of one instant the last kept is what held after it. */
function pointsOf({ first, low, high, deepest, last }: Stretch): readonly Point[] {
  const byTime = [...new Set([first, low, high, deepest, last])].sort(
    (a, b) => a.timeUs - b.timeUs,
  );
  return byTime.filter((point, i) => byTime[i + 1]?.timeUs !== point.timeUs);
}

/**
 * The same curve with the ends of days put into its long stretches without a snapshot, in which nothing was
 * held and nothing changed: as many as there is room for.
 */
export function carriedOn(series: EquitySeries, dayStartsUs: readonly number[]): EquitySeries {
  const { timeUs } = series;
  const [first, last] = [timeUs[0], timeUs.at(-1)];
  if (first === undefined || last === undefined) return series;
  const room = (last - first) / BUCKETS;
  const from: number[] = [];
  const times: number[] = [];
  let day = 0;
  timeUs.forEach((time, i) => {
    from.push(i);
    times.push(time);
    const next = timeUs[i + 1] ?? time;
    if (next - time <= room || series.gross[i] !== 0) return;
    let before = time;
    for (; day < dayStartsUs.length; day++) {
      const endUs = (dayStartsUs[day] as number) + DAY_US;
      if (endUs >= next) return;
      if (endUs - before < room && (dayStartsUs[day + 1] ?? next) + DAY_US < next) continue;
      if (endUs <= time) continue;
      from.push(i);
      times.push(endUs);
      before = endUs;
    }
  });
  const carry = (values: readonly number[]): readonly number[] =>
    from.map((place) => values[place] as number);
  return {
    timeUs: times,
    equity: carry(series.equity),
    drawdown: carry(series.drawdown),
    gross: carry(series.gross),
    net: carry(series.net),
  };
}

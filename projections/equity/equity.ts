// What is each portfolio worth, and what was it worth on the way? Totals and the worst drawdown are
// exact; the curve is a bounded number of time buckets that each keep first, least, greatest and last.

import {
  addToBuckets,
  type Buckets,
  type Extent,
  emptyBuckets,
  extentOf,
  mergeExtents,
} from "../../quant/down-sample.ts";
import { divideRounded, formatScaled } from "../../schemas/values/decimal.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";
import type { EventOf } from "../../streams/event.ts";
import type { Account, Answer, Row } from "../answer.ts";

const CURVE_BUCKETS = 500;
const PERCENT_DIGITS = 4;

/** Amounts in minor units. */
export interface EquityPoint {
  readonly timeUs: number;
  readonly equity: bigint;
  readonly grossExposure: bigint;
  readonly netExposure: bigint;
}

export interface EquityState {
  readonly portfolios: Map<string, PortfolioEquity>;
}

export interface PortfolioEquity {
  snapshots: number;
  cash: bigint;
  equity: bigint;
  grossExposure: bigint;
  netExposure: bigint;
  peak: bigint;
  /** The peak and the equity after it that lay furthest below it, by their ratio. */
  worstPeak: bigint;
  worstEquity: bigint;
  worstUs: number | null;
  lastUs: number | null;
  readonly curve: Buckets<Extent<EquityPoint>>;
}

const merge = mergeExtents<EquityPoint>((a, b) => a.equity < b.equity);

const start = (equity: bigint): PortfolioEquity => ({
  snapshots: 0,
  cash: equity,
  equity,
  grossExposure: 0n,
  netExposure: 0n,
  peak: equity,
  worstPeak: equity,
  worstEquity: equity,
  worstUs: null,
  lastUs: null,
  curve: emptyBuckets(CURVE_BUCKETS),
});

function evolve(state: EquityState, event: EventOf<"portfolio.snapshots">): EquityState {
  const { value, timeUs } = event;
  const { equity, grossExposure, netExposure } = value;
  let kept = state.portfolios.get(value.portfolio);
  if (kept === undefined) {
    kept = start(value.peakEquity);
    state.portfolios.set(value.portfolio, kept);
  }
  kept.snapshots++;
  kept.cash = value.cash;
  kept.equity = equity;
  kept.grossExposure = grossExposure;
  kept.netExposure = netExposure;
  if (equity > kept.peak) kept.peak = equity;
  // equity / peak < worstEquity / worstPeak without a division; peaks are positive.
  if (equity * kept.worstPeak < kept.worstEquity * kept.peak) {
    kept.worstPeak = kept.peak;
    kept.worstEquity = equity;
    kept.worstUs = timeUs;
  }
  kept.lastUs = timeUs;
  const point = extentOf({ timeUs, equity, grossExposure, netExposure });
  addToBuckets(kept.curve, timeUs, point, merge);
  return state;
}

/** The kept points in time order, each once. */
export function curveOf(state: EquityState, portfolio: string): readonly EquityPoint[] {
  const points: EquityPoint[] = [];
  for (const { value } of state.portfolios.get(portfolio)?.curve.items ?? []) {
    const extremes =
      value.low.timeUs <= value.high.timeUs ? [value.low, value.high] : [value.high, value.low];
    for (const point of [value.first, ...extremes, value.last]) {
      const last = points[points.length - 1];
      if (last?.timeUs !== point.timeUs || last.equity !== point.equity) points.push(point);
    }
  }
  return points;
}

/** How far `equity` lies below `peak`, in percent; null where there is no positive peak. */
function percentBelow(peak: bigint, equity: bigint): string | null {
  if (peak <= 0n) return null;
  const scaled = (peak - equity) * 10n ** BigInt(2 + PERCENT_DIGITS);
  return formatScaled(divideRounded(scaled, peak), PERCENT_DIGITS);
}

function row(portfolio: string, kept: PortfolioEquity, account: Account): Row {
  const money = (amount: bigint): string => formatScaled(amount, account.currencyScale);
  return {
    portfolio,
    asOf: kept.lastUs === null ? null : formatIsoUs(kept.lastUs),
    equity: money(kept.equity),
    cash: money(kept.cash),
    grossExposure: money(kept.grossExposure),
    netExposure: money(kept.netExposure),
    peakEquity: money(kept.peak),
    drawdownPercent: percentBelow(kept.peak, kept.equity),
    maxDrawdownPercent: percentBelow(kept.worstPeak, kept.worstEquity),
    maxDrawdownAt: kept.worstUs === null ? null : formatIsoUs(kept.worstUs),
    snapshots: kept.snapshots,
    currency: account.currency,
  };
}

export const equity = (account: Account): Answer<EquityState, "portfolio.snapshots"> => ({
  question: "What is the portfolio worth, and how far below its peak?",
  projection: {
    name: "equity",
    version: 1,
    inputs: ["portfolio.snapshots"],
    initial: () => ({ portfolios: new Map([[account.name, start(account.initialCashMinor)]]) }),
    evolve,
  },
  rows: (state) => [...state.portfolios].map(([name, kept]) => row(name, kept, account)),
});

import { describe, expect, test } from "vitest";
import type { PortfolioSnapshot } from "../../schemas/generated/portfolio.snapshots.ts";
import { ExposureGap, gapOf } from "./exposure-gap.ts";

const snapshot = (equity: bigint, grossExposure = 0n, netExposure = 0n): PortfolioSnapshot => ({
  portfolio: "main",
  currency: "USD",
  cause: "MARK",
  cash: 0n,
  equity,
  peakEquity: equity,
  grossExposure,
  netExposure,
  realisedPnl: 0n,
  fees: 0n,
  taxes: 0n,
  foreignCash: [],
  drawdownBps: 0,
  symbol: "A",
  quantity: 0,
  cost: 0n,
  mark: 0,
});

describe("the gap between two portfolios", () => {
  test("is taken between what holds on both sides, each until its next snapshot", () => {
    const gap = new ExposureGap(100n, 100n);
    gap.add("live", 10, snapshot(110n, 5n));
    gap.add("shadow", 20, snapshot(90n, 9n, -9n));
    gap.add("live", 30, snapshot(95n, 5n));
    gap.settle(31);
    const equity = gap.greatest.equity;
    expect(equity?.timeUs).toBe(20);
    expect(equity === null ? null : gapOf(equity, "equity")).toBe(-20n);
    expect(gap.points().map((point) => [point.timeUs, gapOf(point, "equity")])).toEqual([
      [10, -10n],
      [20, -20n],
      [30, -5n],
    ]);
    expect(gap.last?.shadow).toEqual({ equity: 90n, gross: 9n, net: -9n });
  });

  test("counts an instant once it is over, whatever was told first", () => {
    const gap = new ExposureGap(0n, 0n);
    gap.add("live", 10, snapshot(1_000n));
    gap.add("live", 10, snapshot(5n));
    gap.settle(10);
    expect(gap.points()).toEqual([]);
    gap.add("shadow", 10, snapshot(5n));
    gap.settle(11);
    expect(gap.greatest.equity === null ? null : gapOf(gap.greatest.equity, "equity")).toBe(0n);
    expect(gap.points().length).toBe(1);
  });

  test("keeps a bounded curve that still has the widest gap", () => {
    const gap = new ExposureGap(0n, 0n);
    for (let i = 0; i < 20_000; i++) {
      gap.add("live", i * 1_000, snapshot(0n));
      gap.add("shadow", i * 1_000, snapshot(i === 7_777 ? -900n : BigInt(i % 10)));
      if (i % 500 === 0) gap.settle(i * 1_000);
    }
    gap.settle(Number.POSITIVE_INFINITY);
    const points = gap.points();
    expect(points.length).toBeLessThanOrEqual(1_000);
    expect(points.some((point) => gapOf(point, "equity") === -900n)).toBe(true);
    const times = points.map(({ timeUs }) => timeUs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(gap.greatest.equity?.timeUs).toBe(7_777_000);
  });
});

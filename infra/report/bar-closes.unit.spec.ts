import { describe, expect, test } from "vitest";
import type { PortfolioSnapshot } from "../../schemas/generated/portfolio.snapshots.ts";
import { BarCloses } from "./bar-closes.ts";
import { EquityDigest } from "./equity-digest.ts";
import { EquitySampling } from "./sampling.ts";

type Heard = readonly [
  ms: number,
  cause: PortfolioSnapshot["cause"],
  equity: number,
  gross?: number,
];

const snapshot = ([, cause, equity, gross = 1]: Heard): PortfolioSnapshot => ({
  portfolio: "main",
  currency: "USD",
  cause,
  cash: 0n,
  equity: BigInt(equity),
  peakEquity: 0n,
  grossExposure: BigInt(gross),
  netExposure: BigInt(gross),
  realisedPnl: 0n,
  fees: 0n,
  taxes: 0n,
  foreignCash: [],
  drawdownBps: 0,
  symbol: "A",
  quantity: 1,
  cost: 0n,
  mark: 1,
});

/** What stands of it, and the deepest fall from 100. */
function standing(...heard: readonly Heard[]) {
  const closes = new BarCloses();
  const digest = new EquityDigest(100n, new EquitySampling());
  const stood: number[] = [];
  heard.forEach((one, i) => {
    const timeUs = one[0] * 1000;
    const before = heard[i - 1];
    if (closes.ends(snapshot(one), timeUs) && before) stood.push(before[2]);
    digest.add(timeUs, snapshot(one));
  });
  return { stood, depth: digest.drawdowns()[0]?.depth ?? 0, curve: digest.series(0).equity };
}

describe("the states at bars' closes", () => {
  test("leave out what was marked in part, and what was not yet filled", () => {
    // A falls by 60 and B rises by 50 at the same close; a fill of that day's open, heard after it, gives 5.
    const { stood, depth, curve } = standing(
      [0, "MARK", 50],
      [0, "MARK", 100],
      [1000, "MARK", 40],
      [1000, "MARK", 90],
      [1001, "FILL", 95],
      [2000, "MARK", 96],
    );
    expect(stood).toEqual([100, 95]);
    expect(curve).toEqual([100, 95, 96]);
    expect(depth).toBeCloseTo(0.05, 12);
  });

  test("hold what stood while the book was flat, when no bar is marked", () => {
    const { stood, depth } = standing(
      [0, "MARK", 100],
      [1, "FILL", 120, 0],
      [50_001, "FILL", 119],
      [60_000, "MARK", 60],
    );
    expect(stood).toEqual([120, 119]);
    expect(depth).toBeCloseTo(0.5, 12);
  });

  test("hold the last of all", () => {
    expect(standing([0, "MARK", 80]).depth).toBeCloseTo(0.2, 12);
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PortfolioSnapshot } from "../../schemas/generated/portfolio.snapshots.ts";
import { emit } from "../../streams/event.ts";
import { eventsOf, fold, MINUTE_US, START_US } from "../../streams/testing/tape.ts";
import { curveOf, equity } from "./equity.ts";

const account = { name: "main", currency: "USD", currencyScale: 2, initialCashMinor: 10_000n };
const { projection, rows } = equity(account);

const snapshot = (amount: bigint): PortfolioSnapshot => ({
  portfolio: "main",
  currency: "USD",
  cause: "MARK",
  cash: 500n,
  equity: amount,
  peakEquity: 10_000n,
  grossExposure: amount - 500n,
  netExposure: amount - 500n,
  realisedPnl: 0n,
  fees: 0n,
  taxes: 0n,
  foreignCash: [],
  drawdownBps: 0,
  symbol: "IBM",
  quantity: 1,
  cost: 0n,
  mark: 1,
});

const eventsFor = (amounts: readonly bigint[]) =>
  eventsOf(
    amounts.map((amount, index) => ({
      ...emit("portfolio.snapshots", snapshot(amount)),
      timeUs: START_US + index * MINUTE_US,
    })),
  );

describe("equity", () => {
  test("before the first snapshot it is the initial cash", () => {
    expect(rows(projection.initial())).toMatchObject([
      { portfolio: "main", asOf: null, equity: "100.00", drawdownPercent: "0.0000" },
    ]);
  });

  test("tells the last totals and the worst fall from a peak", () => {
    const state = fold(projection, eventsFor([11_000n, 8_800n, 12_000n, 10_200n]));
    expect(rows(state)).toEqual([
      {
        portfolio: "main",
        asOf: "2013-10-07T13:33:00Z",
        equity: "102.00",
        cash: "5.00",
        grossExposure: "97.00",
        netExposure: "97.00",
        peakEquity: "120.00",
        drawdownPercent: "15.0000",
        maxDrawdownPercent: "20.0000",
        maxDrawdownAt: "2013-10-07T13:31:00Z",
        snapshots: 4,
        currency: "USD",
      },
    ]);
    expect(curveOf(state, "main").map((point) => point.equity)).toEqual([
      11_000n,
      8_800n,
      12_000n,
      10_200n,
    ]);
  });

  test("the worst fall is the greatest share of its own peak, not the lowest equity", () => {
    const state = fold(projection, eventsFor([11_000n, 8_800n, 40_000n, 30_000n, 39_000n]));
    expect(rows(state)).toMatchObject([{ maxDrawdownPercent: "25.0000" }]);
  });

  test("the curve of a long run is bounded, in order, and keeps the extremes", () => {
    const amounts = fc
      .array(fc.bigInt({ min: -9_999n, max: 20_000n }), { minLength: 1, maxLength: 40 })
      .map((list) =>
        Array.from({ length: 3000 }, (_, i) => (list[i % list.length] ?? 0n) + BigInt(i)),
      );
    fc.assert(
      fc.property(amounts, (list) => {
        const curve = curveOf(fold(projection, eventsFor(list)), "main");
        expect(curve.length).toBeLessThanOrEqual(2000);
        const kept = curve.map((point) => point.equity).sort((a, b) => Number(a - b));
        const all = list.toSorted((a, b) => Number(a - b));
        expect(kept[0]).toBe(all[0]);
        expect(kept.at(-1)).toBe(all.at(-1));
        for (let i = 1; i < curve.length; i++) {
          expect(curve[i]?.timeUs).toBeGreaterThan(curve[i - 1]?.timeUs ?? 0);
        }
      }),
      { numRuns: 20 },
    );
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PortfolioSnapshot } from "../../schemas/generated/portfolio.snapshots.ts";
import { parseScaled } from "../../schemas/values/decimal.ts";
import { parseIsoUs } from "../../schemas/values/time.ts";
import { type AttributedProfit, AttributionDigest } from "./attribution.ts";

const INITIAL = 1_000_000n;

const snapshot = (symbol: string, quantity: number, equity: bigint): PortfolioSnapshot => ({
  portfolio: "main",
  currency: "USD",
  cause: "MARK",
  cash: equity,
  equity,
  peakEquity: equity,
  grossExposure: 0n,
  netExposure: 0n,
  realisedPnl: 0n,
  fees: 0n,
  taxes: 0n,
  foreignCash: [],
  drawdownBps: 0,
  symbol,
  quantity,
  cost: 0n,
  mark: 1,
});

const at = (text: string): number => parseIsoUs(text) as number;
const signal = (strength: number, symbol = "IBM") => ({
  symbol,
  model: "m",
  strength,
  price: 1,
  volatility: 0,
});

const total = (rows: readonly AttributedProfit[]): bigint =>
  rows.reduce((sum, { profit }) => sum + BigInt(parseScaled(profit, 2) as number), 0n);

const profits = (rows: readonly AttributedProfit[]): Readonly<Record<string, string>> =>
  Object.fromEntries(rows.map(({ name, profit }) => [name, profit]));

describe("the attribution of profit", () => {
  test("adds up to the net profit in every breakdown, whatever moved equity", () => {
    const step = fc.record({
      symbol: fc.constantFrom("IBM", "BAC", "SPY", ""),
      quantity: fc.integer({ min: -5, max: 5 }),
      equity: fc.bigInt({ min: -5_000_000n, max: 5_000_000n }),
      wait: fc.integer({ min: 0, max: 40 * 86_400 }),
      strength: fc.option(fc.double({ min: -1, max: 1, noNaN: true })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const digest = new AttributionDigest(INITIAL);
        let timeUs = at("2013-01-01");
        let equity = INITIAL;
        for (const one of steps) {
          timeUs += one.wait * 1_000_000;
          if (one.strength !== null) digest.signal(signal(one.strength, one.symbol), timeUs);
          equity = one.equity;
          digest.snapshot(snapshot(one.symbol, one.quantity, equity), timeUs);
        }
        const { byHour, ...rest } = digest.end(INITIAL, 2);
        const net = equity - INITIAL;
        for (const rows of Object.values(rest)) expect(total(rows)).toBe(net);
        if (byHour.length > 0) expect(total(byHour)).toBe(net);
        const parts = rest.bySymbol.reduce((sum, row) => sum + (row.contribution ?? 0), 0);
        expect(parts).toBeCloseTo(Number(net) / Number(INITIAL), 9);
      }),
    );
  });

  test("names the side that was held when equity moved, also of the fill that ends it", () => {
    const digest = new AttributionDigest(INITIAL);
    digest.snapshot(snapshot("IBM", 10, INITIAL - 5n), at("2013-10-07T14:00:00Z"));
    digest.snapshot(snapshot("IBM", 10, INITIAL + 95n), at("2013-10-07T15:00:00Z"));
    digest.snapshot(snapshot("IBM", -10, INITIAL + 90n), at("2013-10-07T16:00:00Z"));
    digest.snapshot(snapshot("IBM", -10, INITIAL + 60n), at("2013-10-07T17:00:00Z"));
    expect(profits(digest.end(INITIAL, 2).bySide)).toEqual({ long: "0.90", short: "-0.30" });
  });

  test("holds a bar's change to the view from before it, not to the one that it gave rise to", () => {
    const digest = new AttributionDigest(INITIAL);
    const [first, second] = [at("2013-10-07T14:00:00Z"), at("2013-10-07T15:00:00Z")];
    digest.signal(signal(1), first);
    digest.snapshot(snapshot("IBM", 10, INITIAL - 10n), first + 1);
    digest.signal(signal(-0.2), second);
    digest.snapshot(snapshot("IBM", 10, INITIAL + 90n), second);
    digest.snapshot(snapshot("IBM", 0, INITIAL + 80n), second + 1);
    digest.snapshot(snapshot("BAC", 0, INITIAL + 79n), second + 1);
    expect(profits(digest.end(INITIAL, 2).bySignal)).toEqual({
      "no view yet": "-0.01",
      "m: short": "-0.10",
      "m: strong long": "0.90",
    });
  });

  test("puts midnight to the day that ends with it, and names weekday and month in UTC", () => {
    const digest = new AttributionDigest(INITIAL);
    digest.snapshot(snapshot("IBM", 1, INITIAL + 1n), at("2013-11-01T00:00:00Z"));
    digest.snapshot(snapshot("IBM", 1, INITIAL + 3n), at("2013-11-01T00:00:00.000001Z") + 1);
    digest.snapshot(snapshot("IBM", 1, INITIAL + 4n), at("2013-11-01T10:30:00Z"));
    digest.snapshot(snapshot("IBM", 1, INITIAL + 5n), at("2013-11-01T11:00:00Z"));
    digest.snapshot(snapshot("IBM", 1, INITIAL + 4n), at("2013-11-01T12:00:00Z"));
    const { byWeekday, byMonth, byHour } = digest.end(INITIAL, 2);
    expect(profits(byWeekday)).toEqual({ Thursday: "0.01", Friday: "0.03" });
    expect(profits(byMonth)).toEqual({ Oct: "0.01", Nov: "0.03" });
    expect(profits(byHour)).toEqual({
      "00:00": "0.02",
      "10:00": "0.02",
      "11:00": "-0.01",
      "23:00": "0.01",
    });
  });

  test("keeps the symbols that moved equity most, and the rest as one", () => {
    const digest = new AttributionDigest(INITIAL);
    let equity = INITIAL;
    for (let i = 1; i <= 80; i++) {
      equity += BigInt(i);
      digest.snapshot(snapshot(`S${i}`, 1, equity), i);
    }
    const { bySymbol } = digest.end(INITIAL, 2);
    expect(bySymbol.length).toBe(50);
    expect([bySymbol[0]?.name, bySymbol.at(-1)?.name]).toEqual(["S80", "31 others"]);
    expect(total(bySymbol)).toBe(equity - INITIAL);
  });
});

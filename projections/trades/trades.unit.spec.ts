import { describe, expect, test } from "vitest";
import { emit } from "../../streams/event.ts";
import { equity } from "../../streams/testing/given.ts";
import { bar, eventsOf, fill, fold, MINUTE_US, START_US } from "../../streams/testing/tape.ts";
import { trades } from "./trades.ts";

const { projection, rows } = trades();
const later = (minutes: number) => ({ tradeUs: START_US + minutes * MINUTE_US });

describe("trades", () => {
  test("a round trip has entry, exit, profit after fees, holding time and price extremes", () => {
    const wild = { ...bar("IBM", START_US + 2 * MINUTE_US, 18_100), low: 17_800, high: 18_600 };
    const state = fold(
      projection,
      eventsOf([
        emit("market.instruments", equity("IBM")),
        emit("market.bars", { ...bar("IBM", START_US, 18_000), low: 1 }),
        emit("fills", fill(100, 18_000, { fee: 100n, ...later(0) })),
        emit("market.bars", wild),
        emit("fills", fill(100, 18_100, { fee: 100n, ...later(2) })),
        emit("fills", fill(-200, 18_200, { fee: 200n, ...later(5) })),
        emit("market.bars", { ...bar("IBM", START_US + 7 * MINUTE_US, 9), low: 1 }),
      ]),
    );
    expect(rows(state)).toEqual([
      {
        portfolio: "main",
        symbol: "IBM",
        direction: "LONG",
        quantity: "200",
        entry: "2013-10-07T13:30:00Z",
        exit: "2013-10-07T13:35:00Z",
        entryPrice: "180.500000",
        exitPrice: "182.000000",
        profit: "296.00",
        fees: "4.00",
        holdingSeconds: 300,
        worstPrice: "178.00",
        bestPrice: "186.00",
        adverse: -0.011_111,
        favourable: 0.033_333,
        currency: "USD",
      },
    ]);
  });

  test("a bar that had begun before the entry says nothing of the trip", () => {
    const begun = { ...bar("IBM", START_US + MINUTE_US, 18_000), startUs: START_US - 1, low: 1 };
    const state = fold(
      projection,
      eventsOf([
        emit("market.instruments", equity("IBM")),
        emit("fills", fill(100, 18_000, later(0))),
        emit("market.bars", begun),
        emit("fills", fill(-100, 18_000, later(5))),
      ]),
    );
    expect(rows(state)).toMatchObject([{ worstPrice: "180.00" }]);
  });

  test("keeps the last 1,000 trips and exact totals of all", () => {
    const facts = Array.from({ length: 1500 }, (_, i) => [
      emit("fills", fill(-1, 10_000 + (i % 3), { fee: 1n, ...later(2 * i) })),
      emit("fills", fill(1, 10_001, { fee: 0n, ...later(2 * i + 1) })),
    ]).flat();
    const state = fold(projection, eventsOf([emit("market.instruments", equity("IBM")), ...facts]));
    expect(state.closed.length).toBe(1000);
    expect(state.open.size).toBe(0);
    // Shorts at 100.00, 100.01, 100.02 against 100.01, a cent of fee each: -2, -1, 0 cents.
    expect(state.totals.get("USD")).toEqual({
      trades: 1500,
      wins: 0,
      losses: 1000,
      grossProfit: 0n,
      grossLoss: 1500n,
      holdingUs: 1500 * MINUTE_US,
    });
  });

  test("an open trip is listed without an exit", () => {
    const state = fold(
      projection,
      eventsOf([emit("market.instruments", equity("IBM")), emit("fills", fill(-5, 10_000))]),
    );
    expect(rows(state)).toMatchObject([{ direction: "SHORT", exit: null, exitPrice: null }]);
  });
});

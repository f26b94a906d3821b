// The published positions (shared golden figures, accounting.md: nautilus_trader's tests of `Position`, and an exchange's
// own guide to inverse contracts) played through the system: orders fill at the paper venue, whose reports go to
// the portfolio, the ledger and the statement. Money has the digits that it has here: 8 of a coin, 2 of a dollar; so
// average prices are the printed ones (99.98003629764065, 9999.88155922059) to the nine digits that a statement has.

import { describe, expect, test } from "vitest";
import type { PortfolioConfig } from "../../processors/flow-config.ts";
import { paperVenue } from "../../processors/paper-venue/paper-venue.ts";
import { portfolioProjector } from "../../processors/portfolio-projector/portfolio-projector.ts";
import { balanceOf, openLedger, postEvent, trialBalance } from "../../projections/ledger.ts";
import { statementOf } from "../../projections/statement.ts";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { formatScaled } from "../../schemas/values/decimal.ts";
import { bar, MINUTE_US as M, order } from "../../streams/testing/facts.ts";
import { at, equity } from "../../streams/testing/given.ts";

type Event = Parameters<typeof postEvent>[1];

/** Each trade by a market order at the open of a bar of that price; a mark is a bar without one. */
function play(of: Instrument, feePerMillion: number, ...steps: readonly (readonly number[])[]) {
  const { symbol, currency, currencyScale, priceScale } = of;
  const account: PortfolioConfig = {
    name: "main",
    ...{ currency, currencyScale, initialCashMinor: 10n ** BigInt(currencyScale + 7) },
  };
  const venue = paperVenue(
    {
      fill: "next-open",
      latencyUs: 1,
      slippageBps: 0,
      participationBps: null,
      feePerMillion,
      minimumFeeMinor: 0,
    },
    "bars",
  );
  const projector = portfolioProjector(account);
  let venueState = venue.initial();
  let state = projector.initial();
  const ledger = openLedger(account);
  const money = (amount: bigint): string => formatScaled(amount, currencyScale);
  const told: string[] = [];
  const see = (event: Event): void => {
    postEvent(ledger, event);
    state = projector.evolve(state, event);
    expect(trialBalance(ledger)).toBe(0n);
    const snapshot = projector.decide(state, event).at(-1)?.value;
    if (snapshot === undefined) return;
    // Three ways of knowing what there is.
    const { total, positions } = statementOf(account, new Map(), [], ledger);
    expect(total).toBe(money(snapshot.equity));
    const kept = (name: "realised" | "fees") => balanceOf(ledger, "main", currency, name);
    expect(snapshot.realisedPnl).toBe(-kept("realised") - kept("fees"));
    if (event.topic === "fills") told.push(money(snapshot.realisedPnl));
    expect(positions[0]?.quantity ?? "0").toBe(String(snapshot.quantity));
  };
  const feed = (event: Parameters<typeof venue.evolve>[1]): void => {
    venueState = venue.evolve(venueState, event);
    for (const { value } of venue.decide(venueState, event)) {
      const report = value as ExecutionReport;
      if (report.execType === "FILLED") see(at(event.timeUs + 1, "fills", report));
    }
  };
  const listed = at(0, "market.instruments", of);
  feed(listed);
  see(listed);
  for (const [i, [quantity = 0, price = 0]] of steps.entries()) {
    const fromUs = 2 * i * M;
    const sized = order(i + 1, symbol, quantity, { decidedUs: fromUs + 1 });
    if (quantity !== 0) feed(at(fromUs + 1, "orders", sized));
    const close = Math.round(price * 10 ** priceScale);
    const made = at(fromUs + 2 * M, "market.bars", bar(symbol, fromUs + 2 * M, close));
    feed(made);
    see(made);
  }
  const statement = statementOf(account, new Map(), [], ledger);
  return { told, statement };
}

const coin = equity("X", { currency: "BTC", currencyScale: 8, priceScale: 5 });

describe("published positions, from the order to the statement", () => {
  test("mixed, fee 0.0001 of the value", () => {
    const { told, statement } = play(
      coin,
      100,
      [12, 100],
      [17, 99],
      [-9, 101],
      [-4, 105],
      [3, 103],
    );
    expect(told.slice(1)).toEqual(["-0.28830000", "13.89666207", "36.19948966", "36.16858966"]);
    expect(statement.positions[0]).toMatchObject({ quantity: "19" });
    expect(statement.positions[0]?.averagePrice).toBe("99.980036298");
  });

  test("interleaved, fee 0.001 of the value", () => {
    const { told, statement } = play(
      coin,
      1_000,
      ...[
        [12, 10_000],
        [17, 9_999],
        [-9, 10_001],
        [3, 10_003],
        [-4, 10_005],
      ],
    );
    expect(told.slice(1)).toEqual([
      "-289.98300000",
      "-365.71613793",
      "-395.72513793",
      "-415.27137481",
    ]);
    expect(statement.positions[0]?.averagePrice).toBe("9999.881559221");
  });

  test("a flip in a pair of currencies closes 100,000 and opens 50,000 at its own price", () => {
    const fx = equity("AUDUSD", { assetClass: "FX", priceScale: 5 });
    const flipped = play(fx, 0, [100_000, 0.75], [-150_000, 0.7502]);
    expect(flipped.told).toEqual(["0.00", "20.00"]);
    expect(flipped.statement.positions[0]).toMatchObject({
      quantity: "-50000",
      averagePrice: "0.750200000",
    });
    const closed = play(fx, 0, [100_000, 0.75], [-150_000, 0.7502], [50_000, 0.7503]);
    expect(closed.told).toEqual(["0.00", "20.00", "15.00"]);
    expect(closed.statement.total).toBe("10000015.00");
  });

  test.each([
    ["an inverse perpetual, sold", -100_000, 10_000, 11_000, "-0.90909091", "9.09090909"],
    ["the exchange's own example, bought", 1_000, 1_000, 1_250, "0.20000000", "0.80000000"],
  ])("%s", (_, quantity, entry, mark, profit, notional) => {
    const inverse = { ...coin, contract: "INVERSE" } as const;
    const { statement } = play(inverse, 0, [quantity, entry], [0, mark]);
    const [position] = statement.positions;
    expect(position?.unrealised).toBe(profit);
    expect(position?.value).toBe(profit);
    expect(position?.averagePrice).toBe(`${entry}.000000000`);
    // Closed at the mark, the profit is cash.
    const closed = play(inverse, 0, [quantity, entry], [-quantity, mark]);
    expect(closed.told.at(-1)).toBe(profit);
    // What is held is worth its cost and its profit: told without its sign, the exposure.
    const worth = BigInt(position?.cost.replace(".", "") ?? 0) + BigInt(profit.replace(".", ""));
    expect(formatScaled(worth < 0n ? -worth : worth, 8)).toBe(notional);
  });
});

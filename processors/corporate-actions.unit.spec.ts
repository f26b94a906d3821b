// What each processor does at a corporate action, with the others left out.

import { describe, expect, test } from "vitest";
import type { CorporateAction } from "../schemas/generated/market.corporate-actions.ts";
import {
  bar,
  delisted,
  dividend,
  filled,
  MINUTE_US,
  passed,
  proposal,
  renamed,
  split,
} from "../streams/testing/facts.ts";
import { at, equity, given } from "../streams/testing/given.ts";
import { barBuilder } from "./bar-builder/bar-builder.ts";
import { featureBuilder } from "./feature-builder/feature-builder.ts";
import { marketOrders } from "./market-orders.spec.ts";
import { noTriggers } from "./no-triggers.spec.ts";
import { orderRouter } from "./order-router/order-router.ts";
import { bookReviewer } from "./portfolio-builder/book-reviewer.ts";
import { portfolioBuilder } from "./portfolio-builder/portfolio-builder.ts";
import { portfolioProjector } from "./portfolio-projector/portfolio-projector.ts";
import type { RiskConfig } from "./risk-config.ts";
import { riskGate } from "./risk-gate/risk-gate.ts";

const M = MINUTE_US;
const main = { name: "main", currency: "USD", currencyScale: 2, initialCashMinor: 100_000_00n };
const listed = (symbol: string) => at(0, "market.instruments", equity(symbol));
const action = (timeUs: number, value: CorporateAction) =>
  at(timeUs, "market.corporate-actions", value);
const closed = (timeUs: number, symbol: string, close: number) =>
  at(timeUs, "market.bars", bar(symbol, timeUs, close));

describe("portfolio-projector", () => {
  const projector = portfolioProjector(main);
  const bought = (quantity: number, price: number) =>
    at(M, "fills", filled(1, "A", quantity, price));

  test("a split moves no money: quantity and mark change, equity and cost stay", () => {
    const [snapshot, next] = given(projector, listed("A"), bought(10, 7_000), closed(M, "A", 7_001))
      .when(action(2 * M, split("A", 3, 1)), closed(3 * M, "A", 2_334))
      .map(({ value }) => value);
    expect(snapshot).toMatchObject({
      cause: "ACTION",
      symbol: "A",
      quantity: 30,
      cost: 700_00n,
      mark: 2_334, // 23.3366…
      cash: 99_300_00n,
      equity: 100_000_10n,
      grossExposure: 700_10n,
      realisedPnl: 0n,
    });
    expect(next).toMatchObject({ cause: "MARK", equity: 100_000_20n });
  });

  test("a fraction is paid at the last close, and equity stays to the cent", () => {
    const [snapshot] = given(projector, listed("A"), bought(-1010, 116))
      .when(action(2 * M, split("A", 1, 20)))
      .map(({ value }) => value);
    expect(snapshot).toMatchObject({
      quantity: -50,
      cash: 101_160_00n,
      equity: 100_000_00n,
    });
  });

  test("a dividend moves value to cash; a short position pays it", () => {
    for (const quantity of [10, -10]) {
      const [snapshot] = given(projector, listed("A"), bought(quantity, 7_000))
        .when(action(2 * M, dividend("A", 50)))
        .map(({ value }) => value);
      expect(snapshot).toMatchObject({
        cash: 100_000_00n - BigInt(quantity) * 6_950n,
        equity: 100_000_00n,
        realisedPnl: BigInt(quantity) * 50n,
        mark: 6_950,
      });
    }
  });

  test("a dividend in another currency is refused", () => {
    const euros = { ...dividend("A", 50), currency: "EUR" };
    expect(() =>
      given(projector, listed("A"), bought(10, 7_000)).when(action(2 * M, euros)),
    ).toThrowError(expect.objectContaining({ code: "PROCESSOR_CURRENCY_UNSUPPORTED" }));
  });

  test("a delisting realises what is left, a new symbol takes the position over, there and back", () => {
    const after = given(projector, listed("A"), bought(10, 7_000)).when(
      action(2 * M, renamed("A", "B")),
      closed(3 * M, "B", 7_100),
      action(4 * M, renamed("B", "A")),
      action(5 * M, delisted("A", 100)),
    );
    expect(after.map(({ value }) => [value.symbol, value.quantity, value.equity])).toEqual([
      ["A", 0, 100_000_00n],
      ["B", 10, 100_000_00n],
      ["B", 10, 100_010_00n],
      ["B", 0, 100_010_00n],
      ["A", 10, 100_010_00n],
      ["A", 0, 99_310_00n],
    ]);
    expect(after.at(-2)?.value).toMatchObject({ mark: 7_100, cost: 700_00n });
    expect(after.at(-1)?.value).toMatchObject({ realisedPnl: -690_00n, grossExposure: 0n });
  });

  test("says nothing of a symbol that is not held", () => {
    const found = given(projector, listed("A"), closed(M, "A", 7_000)).when(
      action(2 * M, split("A", 2, 1)),
      action(2 * M, split("B", 2, 1)),
    );
    expect(found).toEqual([]);
  });
});

describe("feature-builder", () => {
  test("features after a split are those of a market that was always in new shares", () => {
    const builder = featureBuilder({ emaFast: 2, emaSlow: 3, atr: 3, volatility: 3 });
    const closes = [100, 104, 98, 110, 99, 101].map((close) => close * 4);
    const priced = (factors: readonly number[]) =>
      closes.map((close, i) => closed((i + 1) * M, "A", close / (factors[i] as number)));
    const always = given(builder).when(...priced([4, 4, 4, 4, 4, 4]));
    const [a, b, c, ...rest] = priced([1, 1, 1, 4, 4, 4]) as [never, never, never];
    const after = given(builder).when(a, b, c, action(3 * M, split("A", 4, 1)), ...rest);
    expect(after).toHaveLength(6);
    for (const [i, found] of after.slice(3).entries()) {
      const wanted = always[i + 3]?.value;
      expect(found.value.price).toBe(wanted?.price);
      for (const name of ["logReturn", "emaFast", "emaSlow", "atr", "volatility"] as const) {
        expect(found.value[name]).toBeCloseTo(wanted?.[name] as number, 12);
      }
    }
  });

  test("a new symbol and a delisted one begin anew; a dividend changes nothing", () => {
    const builder = featureBuilder({ emaFast: 2, emaSlow: 3, atr: 3, volatility: 3 });
    const [, second] = given(builder).when(
      closed(M, "A", 100),
      action(M, dividend("A", 10)),
      closed(2 * M, "A", 90),
    );
    expect(second?.value.emaFast).toBe(95);
    for (const gone of [renamed("A", "B"), delisted("A", null)]) {
      const [found] = given(builder, closed(M, "A", 100)).when(
        action(M, gone),
        closed(2 * M, "A", 90),
      );
      expect(found?.value).toMatchObject({ emaFast: 90, logReturn: 0 });
    }
  });
});

test("bar-builder: a bar that is open at a split is written in new shares", () => {
  const builder = barBuilder({ intervalUs: M, suspicious: "exclude" });
  const print = (timeUs: number, price: number) =>
    at(timeUs, "market.ticks", { symbol: "A", price, quantity: 3, venue: "", suspicious: false });
  const [found] = given(builder, print(1, 400), print(2, 420)).when(
    action(2 * M, split("A", 4, 1)),
    print(2 * M, 105),
  );
  expect(found?.value).toMatchObject({ open: 100, high: 105, close: 105, volume: 24, endUs: M });
});

describe("risk-gate", () => {
  const off: RiskConfig = {
    maxPosition: "100",
    maxGrossExposureMinor: null,
    priceCollarBps: 100,
    maxOrderValueMinor: null,
    maxDrawdownBps: null,
    onBreach: "deny",
  };
  const proposed = (timeUs: number, quantity: number, price: number, symbol = "A") =>
    at(timeUs, "weights.proposals", proposal([symbol, quantity, price]));

  test("holds prices after a split against the last close in new shares", () => {
    const gate = riskGate(off, main);
    const split41 = action(M, split("A", 4, 1));
    const [fine] = given(gate, listed("A"), closed(M, "A", 400), split41).when(
      proposed(M, 10, 100),
    );
    expect(fine?.value.outcome).toBe("PASS");
    const [far] = given(gate, listed("A"), closed(M, "A", 400), split41).when(proposed(M, 10, 400));
    expect(far?.value.reason).toBe("PriceCollarExceeded");
  });

  test("knows a new symbol by the old one's price, and nothing more of a delisted one", () => {
    const gate = riskGate(off, main);
    const ready = given(gate, listed("A"), closed(M, "A", 400)).when;
    expect(ready(action(M, renamed("A", "B")), proposed(M, 10, 400, "B"))[0]?.value.outcome).toBe(
      "PASS",
    );
    const gone = given(gate, listed("A"), closed(M, "A", 400), action(M, delisted("A", null)));
    expect(gone.when(proposed(M, 10, 400))[0]?.value.reason).toBe("NoReferencePrice");
  });
});

describe("order-router", () => {
  const router = orderRouter({ ...marketOrders, type: "LIMIT", latencyUs: 5 }, main);
  const approved = at(M, "risk.verdicts", passed(["A", 100, 400]));
  const ended = (timeUs: number, quantity: number) =>
    at(
      timeUs,
      "fills",
      filled(1, "A", quantity, 0, {
        execType: "CANCELED",
        quantity: 0,
        reason: "CorporateAction",
        tradeUs: timeUs - 3,
      }),
    );

  test("sends anew, in new shares and as of the split, what the venue cancelled at it", () => {
    const opening = given(router, listed("A"), approved);
    const [anew] = opening.when(action(2 * M, split("A", 4, 1)), ended(2 * M + 3, 100));
    expect(anew?.value).toMatchObject({
      action: "NEW",
      orderId: 2,
      side: "BUY",
      quantity: 400,
      limitPrice: 100,
      referencePrice: 100,
      decidedUs: 2 * M,
    });
  });

  test("counts its position in new shares", () => {
    const held = at(M + 1, "fills", filled(1, "A", 100, 400));
    const later = { ...approved.value, targets: [{ ...approved.value.targets[0], quantity: 500 }] };
    const [more] = given(router, listed("A"), approved, held, action(2 * M, split("A", 4, 1))).when(
      at(3 * M, "risk.verdicts", later as typeof approved.value),
    );
    expect(more?.value).toMatchObject({ side: "BUY", quantity: 100 });
  });

  test("sends nothing for a symbol that is delisted or called otherwise", () => {
    for (const gone of [delisted("A", 1), renamed("A", "B")]) {
      const found = given(router, listed("A"), approved).when(
        action(2 * M, gone),
        ended(2 * M + 3, 100),
      );
      expect(found).toEqual([]);
    }
  });
});

describe("portfolio-builder", () => {
  const builder = portfolioBuilder(
    { method: "EQUAL_WEIGHT", grossBps: 10_000, allowShort: true },
    main,
  );
  const viewed = (timeUs: number, strength: number, price: number, symbol = "A") =>
    at(timeUs, "signals", { symbol, model: "m", strength, price, volatility: 0.01 });

  test("a split and a new symbol propose nothing; a turn afterwards starts from the restated target", () => {
    const long = given(builder, listed("A"), viewed(M, 1, 400));
    const found = long.when(
      action(2 * M, split("A", 4, 1)),
      viewed(3 * M, 1, 100),
      action(4 * M, renamed("A", "B")),
      viewed(5 * M, 1, 100, "B"),
      viewed(6 * M, 0, 100, "B"),
    );
    expect(found.map(({ value }) => value.targets)).toEqual([
      [{ symbol: "B", weight: 0, quantity: 0, referencePrice: 100 }],
    ]);
  });

  test("a target that is right in new shares is not proposed again", () => {
    const two = given(builder, listed("A"), listed("B"), viewed(M, 1, 400));
    const [found] = two.when(
      action(2 * M, split("A", 4, 1)),
      viewed(3 * M, 1, 100),
      viewed(3 * M, 1, 50, "B"),
    );
    expect(found?.value.targets.map(({ symbol }) => symbol)).toEqual(["B"]);
  });

  test("a delisted symbol gives its slot back", () => {
    const two = given(builder, listed("A"), listed("B"), viewed(M, 1, 400));
    const [found] = two.when(action(2 * M, delisted("A", null)), viewed(3 * M, 1, 400, "B"));
    expect(found?.value.targets).toEqual([
      { symbol: "B", weight: 1, quantity: 25_000, referencePrice: 400 },
    ]);
  });
});

describe("portfolio-builder of a book that is rebalanced", () => {
  const drift = { ...noTriggers, driftBps: 100 };
  const builder = bookReviewer(
    { method: "EQUAL_WEIGHT", grossBps: 10_000, allowShort: true, rebalance: drift },
    main,
  );
  const viewed = (timeUs: number, price: number, symbol = "A") =>
    at(timeUs, "signals", { symbol, model: "m", strength: 1, price, volatility: 0.01 });
  const held = at(M, "portfolio.snapshots", {
    portfolio: "main",
    currency: "USD",
    cause: "FILL",
    cash: 0n,
    equity: main.initialCashMinor,
    peakEquity: main.initialCashMinor,
    grossExposure: 0n,
    netExposure: 0n,
    realisedPnl: 0n,
    fees: 0n,
    taxes: 0n,
    foreignCash: [],
    drawdownBps: 0,
    symbol: "A",
    quantity: 25_000,
    cost: 0n,
    mark: 400,
  });
  const long = [listed("A"), viewed(M, 400)] as const;

  test.each([
    ["its order is on the way", []],
    ["it is held", [held]],
  ])("a split and a new symbol are no drift while %s", (_, filled) => {
    const found = given(builder, ...long, ...filled).when(
      action(2 * M, split("A", 4, 1)),
      viewed(3 * M, 100),
      action(4 * M, renamed("A", "B")),
      viewed(5 * M, 100, "B"),
    );
    expect(found).toEqual([]);
  });

  test("a position is counted in new shares where the book is rebalanced at each bar", () => {
    const each = { ...drift, driftBps: null, every: { count: 1, unit: "BAR" } } as const;
    const reviewer = bookReviewer(
      { method: "EQUAL_WEIGHT", grossBps: 10_000, allowShort: true, rebalance: each },
      main,
    );
    const seen = (barEndUs: number, price: number) =>
      at(barEndUs, "features", {
        symbol: "A",
        barEndUs,
        price,
        logReturn: 0,
        emaFast: price,
        emaSlow: price,
        atr: 0,
        volatility: 0.01,
        warm: true,
      });
    const found = given(reviewer, listed("A"), seen(M, 400), viewed(M, 400), held).when(
      action(2 * M, split("A", 4, 1)),
      seen(3 * M, 100),
      viewed(3 * M, 100),
    );
    expect(found).toEqual([]);
  });

  test("a delisted symbol is left out", () => {
    const after = given(builder, ...long, held).when(
      action(2 * M, delisted("A", null)),
      viewed(3 * M, 50),
    );
    expect(after).toEqual([]);
  });
});

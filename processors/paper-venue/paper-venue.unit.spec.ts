import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ExecutionReport,
  execReasonSymbols,
  execTypeSymbols,
} from "../../schemas/generated/fills.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import type { EventOf } from "../../streams/event.ts";
import { bar, dividend, MINUTE_US, order, split } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import { free } from "../free-venue.spec.ts";
import type { VenueConfig } from "../venue-config.ts";
import { paperVenue } from "./paper-venue.ts";

type Event = EventOf<
  "orders" | "market.instruments" | "market.corporate-actions" | "market.bars" | "market.ticks"
>;
const M = MINUTE_US;
const DAY = 86_400_000_000;

const listed = (changes = {}) => at(0, "market.instruments", equity("A", changes));
const placed = (timeUs: number, one: Order) => at(timeUs, "orders", one);
/** Open, high, low, close of the minute that ends at `endUs`. */
const minute = (endUs: number, open: number, high: number, low: number, close: number) =>
  at(endUs, "market.bars", bar("A", endUs, close, { open, high, low }));
const tick = (timeUs: number, price: number, suspicious = false) =>
  at(timeUs, "market.ticks", { symbol: "A", price, quantity: 1, venue: "", suspicious });
const cancelOf = (one: Order): Order => ({ ...one, action: "CANCEL" });
const limit = (quantity: number, limitPrice: number, changes: Partial<Order> = {}): Order =>
  order(1, "A", quantity, { type: "LIMIT", limitPrice, decidedUs: M, ...changes });
const market = (quantity: number, changes: Partial<Order> = {}): Order =>
  order(1, "A", quantity, { decidedUs: M, ...changes });

const special = [
  ...["SUSPENDED", "TRIGGERED", "REPLACED", "RESTATED", "REPLACE_REJECTED", "InvalidTerms"],
  ...["PostOnlyWouldTake", "NothingToReduce", "FillOrKill", "GoodTillDate", "AuctionMissed"],
  ...["LinkedOrder", "CorporateAction"],
  // venue-costs.unit.spec.ts, venue-hours.unit.spec.ts and venue-carry.unit.spec.ts.
  ...["TRADE_CANCEL", "CARRIED", "MarketClosed", "MarketHalted", "RefusedByVenue", "TradeBusted"],
  ...["BorrowFee", "Funding", "Financing", "MarginCall", "MARGIN_CALL"],
  // Of requests that an order gate refused: order-gate.unit.spec.ts.
  "DeniedByRisk",
  // order-terms.unit.spec.ts.
  ...["DuplicateOrder", "InstrumentExpired"],
] as const;
const seen = { types: new Set(), reasons: new Set() };

function reports(config: Partial<VenueConfig>, ...events: readonly Event[]): ExecutionReport[] {
  const venue = paperVenue({ ...free, ...config }, "ticks");
  const found = given(venue, listed())
    .when(...events)
    .map(({ value }) => value);
  for (const { execType, reason } of found) {
    seen.types.add(execType);
    seen.reasons.add(reason);
  }
  return found;
}
/** Order, outcome, price, time of the price. */
const brief = (found: readonly ExecutionReport[]) =>
  found.map(({ orderId, execType, reason, price, tradeUs }) => [
    orderId,
    execType === "FILLED" ? price : reason,
    tradeUs,
  ]);

describe("a market order", () => {
  const early = minute(M, 10, 12, 9, 11);
  const next = minute(2 * M, 20, 22, 19, 21);

  test("on bar-close takes the close that it was decided on, at once", () => {
    expect(reports({ fill: "bar-close" }, early, placed(M + 5, market(100)))).toEqual([
      {
        orderId: 1,
        execType: "FILLED",
        portfolio: "main",
        symbol: "A",
        side: "BUY",
        quantity: 100,
        price: 11,
        leavesQuantity: 0,
        fee: 0n,
        slippage: 0,
        reason: "NONE",
        tradeUs: M,
        execId: 1,
        cumQuantity: 100,
        parts: [],
        refExecId: 0,
        charges: [],
      },
    ]);
  });

  test("on bar-close waits for the next close if the last one is older than the decision", () => {
    const late = placed(M + 5, market(100, { decidedUs: M + 1 }));
    expect(brief(reports({ fill: "bar-close" }, early, late, next))).toEqual([[1, 21, 2 * M]]);
  });

  test("on bar-close waits for the first close if there is none", () => {
    expect(brief(reports({ fill: "bar-close" }, placed(M, market(1)), next))).toEqual([
      [1, 21, 2 * M],
    ]);
  });

  test("on bar-close leaves a close that ended before the decision, however late it is heard", () => {
    const late = at(M + 9, "market.bars", bar("A", M, 11));
    const one = placed(M + 5, market(100, { decidedUs: M + 5 }));
    expect(brief(reports({ fill: "bar-close" }, one, late, next))).toEqual([[1, 21, 2 * M]]);
  });

  test("on bar-close leaves a close that lies in the future", () => {
    const hasty = at(M, "market.bars", bar("A", 2 * M, 11));
    const third = minute(3 * M, 30, 32, 29, 31);
    const found = reports({ fill: "bar-close" }, hasty, placed(M, market(100)), third);
    expect(brief(found)).toEqual([[1, 31, 3 * M]]);
  });

  test("on next-open takes the open of the first bar that starts after the decision", () => {
    const found = reports({}, early, placed(M + 5, market(100)), next);
    expect(brief(found)).toEqual([[1, 20, M]]);
  });

  test("on next-open leaves a bar that had begun when it was decided", () => {
    const inside = placed(M + 5, market(100, { decidedUs: M + 1 }));
    const third = minute(3 * M, 30, 32, 29, 31);
    expect(brief(reports({}, inside, next, third))).toEqual([[1, 30, 2 * M]]);
  });

  test("on next-open leaves a bar that ended before it arrived", () => {
    const slow = placed(2 * M, market(100));
    const third = minute(3 * M, 30, 32, 29, 31);
    expect(brief(reports({}, slow, next, third))).toEqual([[1, 30, 2 * M]]);
  });

  test("on next-tick takes the first tick after it that is not suspicious", () => {
    const events = [tick(M, 9), placed(M, market(1)), tick(M, 999, true), tick(M + 1, 10)];
    expect(brief(reports({ fill: "next-tick" }, ...events))).toEqual([[1, 10, M + 1]]);
  });

  test("next-tick needs a source of ticks", () => {
    expect(() => paperVenue({ ...free, fill: "next-tick" }, "bars")).toThrow(/next-tick/);
    expect(paperVenue({ ...free, fill: "next-tick" }, "ticks").inputs).toContain("market.ticks");
    expect(paperVenue(free, "ticks").inputs).not.toContain("market.ticks");
  });

  test("trades once", () => {
    expect(reports({}, placed(M, market(1)), next, minute(3 * M, 1, 1, 1, 1))).toHaveLength(1);
  });
});

describe("a limit order", () => {
  test.each([
    ["buy: open at the limit", limit(1, 20), [20, 25, 15, 21], 20, M],
    ["buy: a gap through it fills at the open", limit(1, 20), [18, 25, 15, 21], 18, M],
    ["buy: the low touches it", limit(1, 20), [22, 25, 20, 21], 20, 2 * M],
    ["buy: the low stays above", limit(1, 20), [22, 25, 21, 21], null, 0],
    ["sell: open at the limit", limit(-1, 20), [20, 25, 15, 21], 20, M],
    ["sell: a gap through it fills at the open", limit(-1, 20), [23, 25, 15, 21], 23, M],
    ["sell: the high touches it", limit(-1, 20), [18, 20, 17, 18], 20, 2 * M],
    ["sell: the high stays below", limit(-1, 20), [18, 19, 17, 18], null, 0],
  ] as const)("%s", (_, one, [open, high, low, close], price, tradeUs) => {
    for (const fill of ["next-open", "bar-close"] as const) {
      const found = reports({ fill }, placed(M, one), minute(2 * M, open, high, low, close));
      expect(brief(found)).toEqual(price === null ? [] : [[1, price, tradeUs]]);
    }
  });

  test("does not look at a bar that had begun when it was decided", () => {
    const inside = limit(1, 20, { decidedUs: M + 1 });
    expect(reports({}, placed(M + 1, inside), minute(2 * M, 10, 10, 10, 10))).toEqual([]);
  });

  test("on bar-close takes the close that it was decided on, if that is good enough", () => {
    const close = minute(M, 19, 21, 19, 19);
    expect(brief(reports({ fill: "bar-close" }, close, placed(M, limit(1, 20))))).toEqual([
      [1, 19, M],
    ]);
    expect(reports({ fill: "bar-close" }, close, placed(M, limit(1, 18)))).toEqual([]);
  });

  test("on next-tick takes the first tick at the limit or better", () => {
    const events = [placed(M, limit(1, 20)), tick(M, 21), tick(M + 1, 5, true), tick(M + 2, 19)];
    expect(brief(reports({ fill: "next-tick" }, ...events))).toEqual([[1, 19, M + 2]]);
  });

  test("is met in the order of the prices, and keeps its place among orders of one price", () => {
    const events = [
      placed(M, limit(1, 20)),
      placed(M, limit(1, 25, { orderId: 2 })),
      placed(M, limit(1, 25, { orderId: 3 })),
      minute(2 * M, 30, 30, 10, 10),
    ];
    expect(brief(reports({}, ...events))).toEqual([
      [2, 25, 2 * M],
      [3, 25, 2 * M],
      [1, 20, 2 * M],
    ]);
  });
});

describe("costs", () => {
  test.each([
    ["a buy pays more", market(1), 10_000, 10_010, 10],
    ["a sale gets less", market(-1), 10_000, 9_990, 10],
    ["rounded up against us", market(1), 10_001, 10_012, 11],
    ["a sale too", market(-1), 10_001, 9_990, 11],
    ["never below one unit", market(-1), 1, 1, 0],
    ["up to a limit only", limit(1, 10_004), 10_000, 10_004, 4],
    ["down to a limit only", limit(-1, 9_995), 10_000, 9_995, 5],
  ])("slippage: %s", (_, one, open, price, slippage) => {
    const found = reports(
      { slippageBps: 10 },
      placed(M, one),
      minute(2 * M, open, open, open, open),
    );
    expect(found).toMatchObject([{ price, slippage }]);
  });

  test("an order that waited at its limit has no slippage", () => {
    const found = reports(
      { slippageBps: 10 },
      placed(M, limit(1, 9_000)),
      minute(2 * M, 10_000, 10_000, 8_000, 9_500),
    );
    expect(found).toMatchObject([{ price: 9_000, slippage: 0 }]);
  });

  test.each([
    [100, 100, 0, 100n], // 1 % of 100.00
    [100, 0, 0, 0n],
    [100, 0, 7, 7n],
    [100, 100, 101, 101n],
    [1, 5000, 0, 0n], // half a cent, to even
    [3, 5000, 0, 2n], // one and a half, to even
  ])("fee: %d at %d per million (times 100) and at least %d is %d", (price, ppm, least, fee) => {
    const config = { feePerMillion: ppm * 100, minimumFeeMinor: least };
    const one = market(ppm === 5000 ? 1 : -100);
    const found = reports(config, placed(M, one), minute(2 * M, price, price, price, price));
    expect(found).toMatchObject([{ fee }]);
  });
});

describe("an order that ends without a trade", () => {
  const dull = minute(2 * M, 30, 30, 30, 30);

  test.each([
    ["quantity 0", { quantity: 0 }, "InvalidQuantity"],
    ["a negative quantity", { quantity: -100 }, "InvalidQuantity"],
    ["half a lot", { quantity: 150 }, "InvalidQuantity"],
    ["a limit order without a limit", { limitPrice: null }, "InvalidPrice"],
    ["a limit of 0", { limitPrice: 0 }, "InvalidPrice"],
    ["a negative limit", { limitPrice: -5 }, "InvalidPrice"],
    ["a limit between ticks", { limitPrice: 23 }, "InvalidPrice"],
    ["a market order with a limit", { type: "MARKET", limitPrice: 20 }, "InvalidPrice"],
    ["a symbol that is not listed", { symbol: "Z" }, "UnknownInstrument"],
  ] as const)("%s is rejected", (_, changes, reason) => {
    const found = reports(
      {},
      listed({ lotSize: 100, tickSize: 5 }),
      placed(M + 7, limit(100, 20, changes)),
      dull,
    );
    expect(found).toMatchObject([
      { execType: "REJECTED", reason, quantity: 0, price: 0, fee: 0n, tradeUs: M + 7 },
    ]);
  });

  test("a cancel takes it off; a second one finds nothing", () => {
    const one = limit(1, 20);
    const found = reports(
      {},
      placed(M, one),
      placed(M + 1, cancelOf(one)),
      placed(M + 2, cancelOf(one)),
      minute(2 * M, 10, 10, 10, 10),
    );
    expect(brief(found)).toEqual([
      [1, "CanceledByUser", M + 1],
      [1, "UnknownOrder", M + 2],
    ]);
    expect(found.map(({ execType }) => execType)).toEqual(["CANCELED", "CANCEL_REJECTED"]);
  });

  test("a cancel after the fill is rejected, and another portfolio's cancel too", () => {
    const one = limit(1, 20);
    const found = reports(
      {},
      placed(M, one),
      placed(M, { ...cancelOf(one), portfolio: "other" }),
      minute(2 * M, 10, 10, 10, 10),
      placed(2 * M, cancelOf(one)),
    );
    expect(brief(found)).toEqual([
      [1, "UnknownOrder", M],
      [1, 10, M],
      [1, "UnknownOrder", 2 * M],
    ]);
  });

  const ioc = limit(1, 20, { timeInForce: "IOC" });

  test.each([
    ["next-open", [placed(M, ioc), minute(2 * M, 21, 25, 15, 16)], 2 * M],
    ["bar-close", [minute(M, 21, 21, 21, 21), placed(M + 1, ioc)], M + 1],
    ["bar-close", [placed(M + 1, ioc), minute(2 * M, 21, 25, 15, 16)], 2 * M],
    ["next-tick", [placed(M, ioc), tick(M, 50, true), tick(M + 3, 21)], M + 3],
  ] as const)(
    "IOC is cancelled at the first price it does not take (%s)",
    (fill, events, endUs) => {
      expect(brief(reports({ fill }, ...events))).toEqual([[1, "ImmediateOrCancel", endUs]]);
    },
  );

  test("IOC takes the first price it can have", () => {
    const found = reports({}, placed(M, ioc), minute(2 * M, 20, 25, 15, 16));
    expect(brief(found)).toEqual([[1, 20, M]]);
  });

  const day = (endUs: number, low: number) => minute(endUs, 30, 30, low, 30);
  const daily = limit(1, 20, { timeInForce: "DAY" });

  test("DAY ends with the first bar of a later date, even one that would have filled it", () => {
    const found = reports({}, placed(M, daily), day(2 * M, 25), day(DAY, 25), day(DAY + M, 10));
    expect(brief(found)).toEqual([[1, "DayEnded", DAY + M]]);
  });

  test("DAY given after the close is good for the next session", () => {
    const found = reports({}, placed(M, daily), day(3 * DAY - M, 25), day(3 * DAY, 10));
    expect(brief(found)).toEqual([[1, 20, 3 * DAY]]);
  });

  test("DAY on ticks ends with the first tick of a later date", () => {
    const events = [placed(M, daily), tick(M, 25), tick(DAY - 1, 25), tick(DAY, 10)];
    expect(brief(reports({ fill: "next-tick" }, ...events))).toEqual([[1, "DayEnded", DAY]]);
  });
});

describe("any orders on any bars", () => {
  const offset = fc.integer({ min: -8, max: 8 });
  const someBar = fc.tuple(offset, offset, offset, offset).map((four) => {
    const [open, a, b, close] = four.map((one) => 100 + one) as [number, number, number, number];
    return { open, close, high: Math.max(open, a, b, close), low: Math.min(open, a, b, close) };
  });
  const someOrder = fc.record({
    gap: fc.nat(2 * M),
    early: fc.nat(M),
    quantity: fc.integer({ min: -5, max: 5 }),
    type: fc.constantFrom("MARKET" as const, "LIMIT" as const),
    limitPrice: fc.integer({ min: 92, max: 108 }),
    timeInForce: fc.constantFrom("DAY" as const, "GTC" as const, "IOC" as const),
  });
  const config = fc.record({
    fill: fc.constantFrom("bar-close" as const, "next-open" as const),
    slippageBps: fc.nat(200),
    feePerMillion: fc.nat(1000),
    minimumFeeMinor: fc.nat(5),
  });

  test("no order trades at a price from before its decision, outside of the bar, beyond its limit, or twice", () => {
    fc.assert(
      fc.property(
        config,
        fc.array(fc.oneof(someBar, someOrder), { maxLength: 40, size: "max" }),
        (venue, script) => {
          const orders = new Map<number, Order>();
          const bars: MarketBar[] = [];
          const closed = new Set<number>();
          const subject = given(paperVenue({ ...free, ...venue }, "bars"), listed());
          let nowUs = M;
          for (const step of script) {
            let event: EventOf<"market.bars" | "orders">;
            if ("open" in step) {
              const endUs = (Math.floor(nowUs / M) + 1) * M;
              nowUs = endUs;
              const one = bar("A", endUs, step.close, step);
              bars.push(one);
              event = at(nowUs, "market.bars", one);
            } else {
              nowUs += step.gap;
              const { quantity, type, timeInForce } = step;
              const limitPrice = type === "LIMIT" ? step.limitPrice : null;
              const decidedUs = Math.max(0, nowUs - step.early);
              const id = orders.size + 1;
              const one = order(id, "A", quantity, { type, timeInForce, limitPrice, decidedUs });
              orders.set(id, one);
              event = at(nowUs, "orders", one);
            }
            for (const { value: found } of subject.when(event)) {
              expect(closed.has(found.orderId)).toBe(false);
              closed.add(found.orderId);
              if (found.execType !== "FILLED") continue;
              const one = orders.get(found.orderId) as Order;
              expect(found.tradeUs).toBeGreaterThanOrEqual(one.decidedUs);
              expect(found.tradeUs).toBeLessThanOrEqual(nowUs);
              expect(found.quantity).toBe(one.quantity);
              const paid = found.side === "BUY" ? found.slippage : -found.slippage;
              const printed = found.price - paid;
              const near = bars.filter(
                ({ startUs, endUs }) => startUs <= found.tradeUs && found.tradeUs <= endUs,
              );
              expect(near.some(({ low, high }) => low <= printed && printed <= high)).toBe(true);
              expect(found.slippage).toBeGreaterThanOrEqual(0);
              expect(found.slippage).toBeLessThanOrEqual(
                Math.ceil((printed * venue.slippageBps) / 10_000),
              );
              if (one.limitPrice !== null) {
                expect(
                  one.side === "BUY"
                    ? found.price <= one.limitPrice
                    : found.price >= one.limitPrice,
                ).toBe(true);
              }
              expect(found.fee >= BigInt(venue.minimumFeeMinor)).toBe(true);
            }
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("a split", () => {
  const early = market(100, { orderId: 1, decidedUs: M - 2 });
  const gtc = limit(100, 50, { orderId: 2, timeInForce: "GTC", decidedUs: M - 1 });
  const splitAt = (timeUs: number) => at(timeUs, "market.corporate-actions", split("A", 2, 1));

  test("cancels what rests, GTC too, and what was decided before it and arrives after", () => {
    const inFlight = market(7, { orderId: 3, decidedUs: M - 1 });
    const found = reports(
      {},
      placed(M - 1, early),
      placed(M, gtc),
      splitAt(M),
      placed(M + 5, inFlight),
      minute(2 * M, 50, 50, 50, 50),
    );
    expect(brief(found)).toEqual([
      [1, "CorporateAction", M],
      [2, "CorporateAction", M],
      [3, "CorporateAction", M + 5],
    ]);
    expect(found.map(({ execType }) => execType)).toEqual(["CANCELED", "CANCELED", "CANCELED"]);
  });

  test("leaves alone what was decided at it or after, other symbols, and orders at a dividend", () => {
    const anew = market(200, { orderId: 4, decidedUs: M });
    const other = at(M, "market.corporate-actions", split("B", 2, 1));
    const paid = at(M, "market.corporate-actions", dividend("A", 10));
    const found = reports(
      {},
      placed(M - 1, early),
      other,
      paid,
      minute(2 * M, 50, 50, 50, 50),
      splitAt(2 * M),
      placed(2 * M, { ...anew, decidedUs: 2 * M }),
      minute(3 * M, 25, 25, 25, 25),
    );
    expect(brief(found)).toEqual([
      [1, 50, M],
      [4, 25, 2 * M],
    ]);
  });
});

test("every kind of report and every reason was produced above, but those of special orders", () => {
  const missing = [
    ...execTypeSymbols.filter((type) => !seen.types.has(type)),
    ...execReasonSymbols.filter((reason) => !seen.reasons.has(reason)),
  ];
  // This venue acknowledges nothing; the others are produced in special-orders.unit.spec.ts.
  expect(missing.filter((kind) => !(special as readonly string[]).includes(kind))).toEqual(["NEW"]);
});

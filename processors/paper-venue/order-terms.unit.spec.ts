// What becomes of an order by its terms: who takes and who makes, who has executed for whom, which prices can be, and
// when its instrument ends. Through the venue, on markets made by hand.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import type { EventOf } from "../../streams/event.ts";
import { bar, delisted, MINUTE_US, order, split } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import { free } from "../free-venue.spec.ts";
import type { FeeSchedule, VenueConfig } from "../venue-config.ts";
import { paperVenue } from "./paper-venue.ts";

type Topic =
  | "orders"
  | "market.instruments"
  | "market.corporate-actions"
  | "market.bars"
  | "market.ticks"
  | "market.quotes";
type Event = EventOf<Topic>;
const M = MINUTE_US;

const placed = (timeUs: number, one: Order) => at(timeUs, "orders", one);
/** Open, high, low, close of the minute that ends at `endUs`. */
const minute = (endUs: number, open: number, high: number, low: number, close: number) =>
  at(endUs, "market.bars", bar("A", endUs, close, { open, high, low }));
const flat = (endUs: number, price: number) => minute(endUs, price, price, price, price);
const tick = (timeUs: number, price: number) =>
  at(timeUs, "market.ticks", { symbol: "A", price, quantity: 9, venue: "", suspicious: false });
const quote = (timeUs: number, bidPrice: number, askPrice: number) =>
  at(timeUs, "market.quotes", {
    ...{ symbol: "A", bidPrice, askPrice, bidQuantity: 500, askQuantity: 500 },
    ...{ venue: "", suspicious: false },
  });

interface Scene extends Partial<VenueConfig> {
  readonly instrument?: Partial<Instrument>;
}

function reports({ instrument, ...config }: Scene, ...events: readonly Event[]) {
  const venue = paperVenue({ ...free, ...config }, "ticks");
  return given(venue, at(0, "market.instruments", equity("A", instrument)))
    .when(...events)
    .map(({ value }) => value as ExecutionReport);
}

/** "1 FILLED 10@110 left 0", "2 CANCELED LinkedOrder" and the like. */
const told = (scene: Scene, ...events: readonly Event[]): string[] =>
  reports(scene, ...events).map(
    ({ orderId, execType, quantity, price, reason, leavesQuantity }) =>
      `${orderId} ${execType}${quantity === 0 ? "" : ` ${quantity}@${price}`}` +
      `${reason === "NONE" ? "" : ` ${reason}`} left ${leavesQuantity}`,
  );

describe("who takes and who makes", () => {
  const perMillion = (taker: number, maker: number): FeeSchedule => ({
    tiers: [
      {
        from: 0,
        taker: { valuePerBillion: taker * 1000, perUnitMicros: 0 },
        maker: { valuePerBillion: maker * 1000, perUnitMicros: 0 },
      },
    ],
    ...{ tierBy: "QUANTITY", perOrderMicros: 0, minimumMicros: null },
    ...{ maximumPerMillion: null, rounding: "HALF_EVEN" },
  });
  /** 100 at 100.00 are 10,000.00: a taker pays 3.00, a maker is paid 1.00. */
  const scene: Scene = { fees: perMillion(300, -100), slippageBps: 10 };
  const limit = (changes: Partial<Order> = {}): Order =>
    order(1, "A", 100, { type: "LIMIT", limitPrice: 10_000, decidedUs: M, ...changes });
  const taken = { quantity: 100, price: 10_000, fee: 3_00n };
  const made = { quantity: 100, price: 10_000, fee: -1_00n, parts: [] };
  const fillOf = (config: Scene, ...events: readonly Event[]) =>
    reports({ ...scene, ...config }, ...events).find(({ execType }) => execType === "FILLED");
  /** What slippage asks for is given back: the limit bounds it. */
  const bounded = [
    { part: "SLIPPAGE", amount: 10 },
    { part: "CAP", amount: -10 },
  ];

  test.each(["GTC", "IOC", "FOK"] as const)("%s at the ask takes it", (timeInForce) => {
    const one = placed(M, limit({ timeInForce }));
    // Whatever the last trade was.
    const market = [tick(M, 10_100), quote(M, 9_990, 10_000)];
    expect(fillOf({ fill: "quote" }, ...market, one)).toMatchObject({
      ...taken,
      parts: bounded,
    });
  });

  test("at the last close, on arrival: takes it", () => {
    for (const timeInForce of ["GTC", "IOC"] as const) {
      const events = [flat(M, 10_000), placed(M, limit({ timeInForce }))];
      expect(fillOf({ fill: "bar-close" }, ...events)).toMatchObject({ ...taken, parts: bounded });
    }
  });

  test("at the next open, the last close having been there too: takes it", () => {
    const events = [flat(M, 10_000), placed(M, limit()), flat(2 * M, 10_000)];
    expect(fillOf({}, ...events)).toMatchObject(taken);
  });

  test("never rests, and the price comes to it: takes it", () => {
    const events = [flat(M, 10_100), placed(M, limit({ timeInForce: "IOC" }))];
    expect(fillOf({}, ...events, flat(2 * M, 10_000))).toMatchObject(taken);
  });

  test("the price comes to it, at a jump or on its way: makes", () => {
    const before = [flat(M, 10_100), placed(M, limit())];
    expect(fillOf({}, ...before, flat(2 * M, 10_000))).toMatchObject(made);
    expect(fillOf({}, ...before, minute(2 * M, 10_050, 10_060, 9_900, 9_950))).toMatchObject(made);
    const closes = fillOf({ fill: "bar-close" }, ...before, flat(2 * M, 10_000));
    expect(closes).toMatchObject(made);
    const ticks = [tick(M, 10_100), placed(M, limit()), tick(M + 1, 10_000)];
    expect(fillOf({ fill: "next-tick" }, ...ticks)).toMatchObject(made);
    const quotes = [quote(M, 9_990, 10_100), placed(M, limit()), quote(M + 1, 9_990, 10_000)];
    expect(fillOf({ fill: "quote" }, ...quotes)).toMatchObject(made);
  });

  test("the price leaves it and comes back in one bar: makes", () => {
    const events = [
      flat(M, 10_000),
      placed(M, limit()),
      minute(2 * M, 10_010, 10_020, 9_990, 9_995),
    ];
    expect(fillOf({}, ...events)).toMatchObject(made);
  });

  test("a stop whose limit is where it is set off takes; one that the price comes back to makes", () => {
    const stop = limit({ type: "STOP_LIMIT", stopPrice: 10_000 });
    const events = [flat(M, 9_900), placed(M, stop)];
    const up = minute(2 * M, 9_900, 10_100, 9_800, 10_050);
    expect(fillOf({}, ...events, up)).toMatchObject(taken);
    expect(fillOf({}, ...events, minute(2 * M, 10_050, 10_100, 9_800, 9_900))).toMatchObject(made);
  });

  test("a child that is released at its limit takes", () => {
    const entry = order(2, "A", 100, { type: "LIMIT", limitPrice: 9_900, decidedUs: M });
    const child = order(1, "A", -100, {
      ...{ type: "LIMIT", limitPrice: 9_900, decidedUs: M, parentOrderId: 2 },
    });
    const events = [flat(M, 10_000), placed(M, entry), placed(M, child)];
    const found = reports(scene, ...events, minute(2 * M, 10_000, 10_010, 9_800, 9_850));
    const [first, second] = found.filter(({ execType }) => execType === "FILLED");
    expect(first).toMatchObject({ orderId: 2, fee: -99n });
    expect(second).toMatchObject({ orderId: 1, price: 9_900, fee: 2_97n });
  });

  test("two that waited at one price both make", () => {
    const two = [placed(M, limit()), placed(M, limit({ orderId: 2 }))];
    const events = [flat(M, 10_100), ...two, minute(2 * M, 10_050, 10_060, 9_900, 9_950)];
    expect(reports(scene, ...events)).toMatchObject([made, made]);
  });

  test("post-only makes, after a split too: it is judged by the price in new shares", () => {
    const one = order(1, "A", -100, {
      ...{ type: "LIMIT", limitPrice: 10_100, postOnly: true, decidedUs: 2 * M },
    });
    const events = [
      flat(M, 40_000),
      at(2 * M, "market.corporate-actions", split("A", 4, 1)),
      placed(2 * M, one),
      minute(3 * M, 10_050, 10_200, 10_000, 10_150),
    ];
    expect(reports(scene, ...events)).toMatchObject([{ execType: "FILLED", price: 10_100 }]);
  });
});

describe("one cancels other", () => {
  const limit = (changes: Partial<Order> = {}): Order =>
    order(1, "A", 100, {
      type: "LIMIT",
      limitPrice: 10_000,
      ocoGroup: 7,
      decidedUs: M,
      ...changes,
    });
  const stop = (changes: Partial<Order> = {}): Order =>
    order(2, "A", 100, { type: "STOP", stopPrice: 10_100, ocoGroup: 7, decidedUs: M, ...changes });
  const up = minute(2 * M, 10_000, 10_200, 10_000, 10_150);

  test("the first executes on arrival: the second, which was sent with it, ends on its own", () => {
    const bars = [flat(M, 10_000), placed(M, limit()), placed(M, stop()), up];
    const expected = ["1 FILLED 100@10000 left 0", "2 CANCELED LinkedOrder left 0"];
    expect(told({ fill: "bar-close" }, ...bars)).toEqual(expected);
    const quotes = [quote(M, 9_990, 10_000), placed(M, limit()), placed(M, stop())];
    const after = [tick(M + 1, 10_100), quote(M + 1, 10_090, 10_100)];
    expect(told({ fill: "quote" }, ...quotes, ...after)).toEqual(expected);
  });

  test("the first executes in part: as much is taken off the second", () => {
    const one = { fill: "bar-close", participationBps: 400 } as const;
    const bars = [flat(M, 10_000), placed(M, limit()), placed(M, stop())];
    expect(told(one, ...bars)).toEqual([
      "1 FILLED 40@10000 left 60",
      "2 RESTATED LinkedOrder left 60",
    ]);
  });

  test("nor does an order that was decided before the execution could be heard of", () => {
    const scene = { fill: "bar-close", latencyUs: 10 } as const;
    const late = (decidedUs: number) =>
      told(scene, flat(M, 10_000), placed(M, limit()), placed(M + 20, stop({ decidedUs })));
    expect(late(M + 9).at(-1)).toBe("2 CANCELED LinkedOrder left 0");
    // Who has heard of it asks for more: the number of a group may be used again.
    expect(late(M + 10)).toEqual(["1 FILLED 100@10000 left 0"]);
  });

  test("another portfolio's group of that number is another group", () => {
    const bars = [flat(M, 10_000), placed(M, limit()), placed(M, stop({ portfolio: "other" }))];
    expect(told({ fill: "bar-close" }, ...bars)).toEqual(["1 FILLED 100@10000 left 0"]);
  });

  test("a replace that crossed an execution of the other does not undo it", () => {
    const scene = { fill: "next-open", latencyUs: 10 } as const;
    const profit = limit({ limitPrice: 9_900, displayQuantity: 40 });
    const replace = (decidedUs: number) =>
      placed(2 * M + 5, { ...stop({ quantity: 120, decidedUs }), action: "REPLACE" });
    const before = [placed(M, profit), placed(M, stop())];
    const touched = minute(2 * M, 10_000, 10_050, 9_900, 9_950);
    expect(told(scene, ...before, touched, replace(2 * M + 5)).slice(1)).toEqual([
      "2 RESTATED LinkedOrder left 60",
      "2 REPLACED left 120",
      "2 RESTATED LinkedOrder left 80",
    ]);
  });

  test("what an order has executed itself is not taken off it", () => {
    const shy = limit({ limitPrice: 9_900, displayQuantity: 40 });
    const less = { ...shy, quantity: 80, decidedUs: 2 * M, action: "REPLACE" } as const;
    const touched = minute(2 * M, 10_000, 10_050, 9_900, 9_950);
    expect(told({ latencyUs: 10 }, placed(M, shy), touched, placed(2 * M + 5, less))).toEqual([
      "1 FILLED 40@9900 left 60",
      "1 REPLACED left 40",
    ]);
  });

  test("what was executed in old shares is not taken off in new ones", () => {
    const end = at(M + 1, "market.corporate-actions", split("A", 4, 1));
    const events = [flat(M, 10_000), placed(M, limit()), end];
    const anew = placed(M + 1, stop({ decidedUs: M + 1 }));
    expect(told({ fill: "bar-close", latencyUs: 10 }, ...events, anew)).toEqual([
      "1 FILLED 100@10000 left 0",
    ]);
  });

  test("a child that waits and is cut waits on", () => {
    const entry = order(9, "A", 100, { type: "LIMIT", limitPrice: 9_000, decidedUs: M });
    const child = stop({ parentOrderId: 9 });
    const shy = limit({ limitPrice: 9_900, displayQuantity: 40 });
    const events = [placed(M, entry), placed(M, child), placed(M, shy)];
    const touched = minute(2 * M, 10_000, 10_050, 9_900, 9_950);
    expect(told({}, ...events, touched)).toEqual([
      "2 SUSPENDED LinkedOrder left 100",
      "1 FILLED 40@9900 left 60",
      "2 RESTATED LinkedOrder left 60",
      "2 SUSPENDED LinkedOrder left 60",
    ]);
  });

  test("a group never executes more than its largest member", () => {
    const price = fc.integer({ min: 95, max: 105 });
    const member = fc.record({
      buys: fc.boolean(),
      quantity: fc.integer({ min: 1, max: 30 }),
      terms: fc.oneof(
        price.map((limitPrice) => ({ type: "LIMIT" as const, limitPrice })),
        price.map((stopPrice) => ({ type: "STOP" as const, stopPrice })),
        fc.constant({ type: "MARKET" as const }),
      ),
      timeInForce: fc.constantFrom("GTC", "IOC", "DAY"),
    });
    let reduced = 0;
    fc.assert(
      fc.property(
        fc.array(member, { minLength: 2, maxLength: 4 }),
        fc.array(fc.tuple(price, price, price, price), { maxLength: 6 }),
        fc.constantFrom("bar-close" as const, "next-open" as const),
        fc.constantFrom(null, 50, 100, 10_000),
        (members, bars, fill, participationBps) => {
          const orders = members.map(({ buys, quantity, terms, timeInForce }, i) =>
            placed(
              M,
              order(i + 1, "A", buys ? quantity : -quantity, {
                ...{ ...terms, timeInForce, ocoGroup: 7, decidedUs: M },
              }),
            ),
          );
          const minutes = bars.map(([a, b, c, d], i) =>
            minute((i + 2) * M, a, Math.max(a, b, c, d), Math.min(a, b, c, d), d),
          );
          const found = reports({ fill, participationBps }, flat(M, 100), ...orders, ...minutes);
          let executed = 0;
          for (const { execType, quantity, reason } of found) {
            if (execType === "FILLED") executed += quantity;
            if (reason === "LinkedOrder") reduced++;
          }
          const largest = Math.max(...members.map(({ quantity }) => quantity));
          expect(executed).toBeLessThanOrEqual(largest);
        },
      ),
      { numRuns: 500 },
    );
    expect(reduced).toBeGreaterThan(300);
  });
});

describe("an order that comes twice", () => {
  const resting = order(1, "A", 100, { type: "LIMIT", limitPrice: 9_000, decidedUs: M });
  const again = { ...resting, quantity: 50, limitPrice: 9_500 };

  test("is refused while the first works, which stays what it was", () => {
    const dip = minute(2 * M, 9_600, 9_600, 8_990, 9_000);
    const one = [placed(M, resting), placed(M, again), dip];
    expect(told({}, ...one)).toEqual([
      "1 REJECTED DuplicateOrder left 100",
      "1 FILLED 100@9000 left 0",
    ]);
  });

  test("is refused in the instant in which the first has ended", () => {
    const market = order(1, "A", 100, { decidedUs: M });
    const events = [flat(M, 10_000), placed(M, market), placed(M, market)];
    expect(told({ fill: "bar-close" }, ...events)).toEqual([
      "1 FILLED 100@10000 left 0",
      "1 REJECTED DuplicateOrder left 0",
    ]);
  });

  test("is refused as that, whatever else may be said against it", () => {
    const closed = {
      hours: { openUs: 0, closeUs: M + 1 },
      status: false,
      closed: "REFUSE",
    } as const;
    const later = placed(2 * M, { ...resting, decidedUs: 2 * M });
    expect(told({ trading: closed }, placed(M, resting), later)).toEqual([
      "1 REJECTED DuplicateOrder left 100",
    ]);
  });

  test("of another portfolio is another order", () => {
    expect(told({}, placed(M, resting), placed(M, { ...resting, portfolio: "other" }))).toEqual([]);
  });
});

describe("prices lie on ticks", () => {
  const nickels = { instrument: { tickSize: 5 } };

  test("what slips is rounded on, against us", () => {
    const events = [placed(M, order(1, "A", 100, { decidedUs: M })), flat(2 * M, 10_000)];
    expect(reports({ ...nickels, slippageBps: 3 }, ...events)).toMatchObject([
      { price: 10_005, slippage: 5, parts: [{ amount: 3 }, { part: "TICK", amount: 2 }] },
    ]);
  });

  test("a trailing stop lies no nearer than asked", () => {
    const trailing = (side: 1 | -1) =>
      order(1, "A", side * 100, { type: "TRAILING_STOP", trailBps: 33, decidedUs: M });
    const fall = minute(2 * M, 10_000, 10_000, 9_000, 9_000);
    expect(told(nickels, placed(M, trailing(-1)), fall).at(-1)).toBe("1 FILLED 100@9965 left 0");
    const rise = minute(2 * M, 10_000, 11_000, 10_000, 11_000);
    expect(told(nickels, placed(M, trailing(1)), rise).at(-1)).toBe("1 FILLED 100@10035 left 0");
    const offset = order(1, "A", -100, { type: "TRAILING_STOP", trailOffset: 33, decidedUs: M });
    expect(told(nickels, placed(M, offset), fall).at(-1)).toBe("1 FILLED 100@9965 left 0");
  });
});

describe("a price of 0 and below", () => {
  const limit = order(1, "A", 100, { type: "LIMIT", limitPrice: -3_763, decidedUs: M });
  const fall = minute(2 * M, 100, 150, -4_032, -3_763);

  test("is a price of a linear contract", () => {
    const crude = { slippageBps: 10, instrument: { contract: "LINEAR" } } as const;
    expect(told(crude, placed(M, limit), fall)).toEqual(["1 FILLED 100@-3763 left 0"]);
    const stop = order(1, "A", -100, { type: "STOP", stopPrice: -1_000, decidedUs: M });
    expect(reports(crude, placed(M, stop), fall)[1]).toMatchObject({ price: -1_001, slippage: 1 });
    const market = order(1, "A", 100, { decidedUs: 2 * M });
    expect(reports(crude, placed(2 * M, market), flat(3 * M, -3_500))).toMatchObject([
      { price: -3_496, slippage: 4 },
    ]);
  });

  test("is none of anything that is held", () => {
    expect(told({}, placed(M, limit))).toEqual(["1 REJECTED InvalidPrice left 0"]);
  });
});

describe("the end of an instrument", () => {
  const future = { contract: "LINEAR", expiryUs: 3 * M } as const;
  const scene = { instrument: future, slippageBps: 10, feePerMillion: 100 };
  const buy = (changes: Partial<Order> = {}) => order(1, "A", 100, { decidedUs: M, ...changes });
  const rests = order(2, "A", -100, { type: "LIMIT", limitPrice: 20_000, decidedUs: M });

  test("nothing trades after the expiry: what rests ends, what comes is refused", () => {
    const late = (timeUs: number) => placed(timeUs, buy({ decidedUs: timeUs }));
    const events = [placed(M, rests), flat(3 * M, 10_000), late(3 * M), flat(4 * M, 30_000)];
    expect(told(scene, ...events, late(4 * M))).toEqual([
      "1 REJECTED InstrumentExpired left 0",
      "2 EXPIRED InstrumentExpired left 0",
      "1 REJECTED InstrumentExpired left 0",
    ]);
  });

  test("what is held is settled in cash at the last price up to it, once, free of charge", () => {
    const events = [placed(M, buy()), flat(2 * M, 10_000), flat(3 * M, 11_000)];
    const after = [flat(4 * M, 5_000), flat(5 * M, 4_000)];
    for (const trading of [undefined, { hours: null, status: false, closed: "WAIT" }] as const) {
      const found = reports(trading ? { ...scene, trading } : scene, ...events, ...after);
      expect(found.slice(1)).toEqual([
        {
          ...{ orderId: 0, execType: "FILLED", portfolio: "main", symbol: "A", side: "SELL" },
          ...{ quantity: 100, price: 11_000, leavesQuantity: 0, fee: 0n, slippage: 0 },
          ...{ reason: "InstrumentExpired", tradeUs: 3 * M, execId: 2, cumQuantity: 100 },
          ...{ parts: [], refExecId: 0, charges: [] },
        },
      ]);
    }
  });

  test("what was on its way, and comes in time, is worked on before that", () => {
    const toVenue = { kind: "CONSTANT", us: M / 2 } as const;
    const chance = { seed: 1, toVenue, back: null, rejectPerMillion: 0 };
    const late = { ...{ instrument: future, chance }, fill: "bar-close" } as const;
    const events = [flat(2 * M, 10_000), placed(2 * M, buy({ decidedUs: 2 * M }))];
    expect(told(late, ...events, flat(5 * M, 5_000))).toEqual([
      "1 FILLED 100@10000 left 0",
      "0 FILLED 100@10000 InstrumentExpired left 0",
    ]);
  });

  test("no day after it is charged for", () => {
    const rates = { borrowPerMillion: 0, financingPerMillion: 900_000, funding: null };
    const carry = { ...rates, atUs: 0, dayCount: 360 } as const;
    const day = 86_400_000_000;
    const events = [placed(M, buy()), flat(2 * M, 10_000), flat(day + M, 5_000)];
    expect(told({ instrument: future, carry }, ...events)).toEqual([
      "1 FILLED 100@10000 left 0",
      "0 FILLED 100@10000 InstrumentExpired left 0",
    ]);
  });

  test("a bar over the expiry trades at its open alone, and its close settles", () => {
    const over = at(
      4 * M,
      "market.bars",
      bar("A", 4 * M, 9_000, { startUs: 2 * M, open: 10_000, high: 10_000 }),
    );
    expect(told({ instrument: future }, placed(M, rests), placed(M, buy()), over)).toEqual([
      "1 FILLED 100@10000 left 0",
      "2 EXPIRED InstrumentExpired left 0",
      "0 FILLED 100@9000 InstrumentExpired left 0",
    ]);
  });

  test("a final price that is told settles it, and not the last price", () => {
    const events = [placed(M, buy()), flat(2 * M, 10_000)];
    const end = at(4 * M, "market.corporate-actions", delisted("A", 11_111));
    expect(told(scene, ...events, end, flat(5 * M, 5_000))).toEqual(["1 FILLED 100@10010 left 0"]);
  });

  test("after a delisting orders are refused, until it is listed anew", () => {
    const end = at(2 * M, "market.corporate-actions", delisted("A", 0));
    const late = placed(2 * M, buy({ decidedUs: 2 * M }));
    expect(told({}, flat(M, 10_000), end, late)).toEqual(["1 REJECTED InstrumentExpired left 0"]);
    const anew = at(2 * M, "market.instruments", equity("A"));
    expect(told({}, flat(M, 10_000), end, anew, late, flat(3 * M, 9_000))).toEqual([
      "1 FILLED 100@9000 left 0",
    ]);
  });
});

describe("what is answered", () => {
  const limit = (changes: Partial<Order> = {}) =>
    order(1, "A", 100, { type: "LIMIT", limitPrice: 9_000, decidedUs: M, ...changes });

  test("a venue that acknowledges says NEW of what it takes, before all else, and of nothing it refuses", () => {
    const child = limit({ orderId: 2, parentOrderId: 1 });
    const events = [flat(M, 10_000), placed(M, limit({ limitPrice: 10_000 })), placed(M, child)];
    const bad = placed(M, limit({ orderId: 3, limitPrice: null }));
    const parked = [
      placed(M, limit({ orderId: 4 })),
      placed(M, limit({ orderId: 5, parentOrderId: 4 })),
    ];
    const scene = { fill: "bar-close", acknowledge: true } as const;
    expect(told(scene, ...events, bad, ...parked)).toEqual([
      "1 NEW left 100",
      "1 FILLED 100@10000 left 0",
      "2 NEW left 100",
      "3 REJECTED InvalidPrice left 0",
      "4 NEW left 100",
      "5 NEW left 100",
      "5 SUSPENDED LinkedOrder left 100",
    ]);
  });

  test("an order that comes after its time is expired, one that never had any is refused", () => {
    const dated = (expireUs: number) => limit({ timeInForce: "GTD", expireUs });
    expect(told({}, placed(3 * M, dated(2 * M)))).toEqual(["1 EXPIRED GoodTillDate left 0"]);
    expect(told({}, placed(3 * M, dated(M - 1)))).toEqual(["1 REJECTED InvalidTerms left 0"]);
    const known = placed(M, limit());
    const replace = placed(3 * M, { ...dated(2 * M), action: "REPLACE" });
    expect(told({}, known, replace)).toEqual(["1 REPLACE_REJECTED InvalidTerms left 100"]);
  });

  test("a bar of no volume fills in full where there is no cap, and nothing where there is one", () => {
    const empty = at(2 * M, "market.bars", bar("A", 2 * M, 8_000, { volume: 0 }));
    expect(told({}, placed(M, limit()), empty)).toEqual(["1 FILLED 100@8000 left 0"]);
    expect(told({ participationBps: 10_000 }, placed(M, limit()), empty)).toEqual([]);
  });
});

// Orders with a trigger, an auction, a date, a link: on bars and ticks made by hand, then any of them on any bars,
// judged by the state machine that the router believes in.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import {
  advance,
  cancelRequested,
  type OrderProgress,
  replaceRequested,
  submitted,
} from "../../schemas/values/order-progress.ts";
import { isEnd } from "../../schemas/values/order-status.ts";
import type { EventOf } from "../../streams/event.ts";
import { bar, MINUTE_US, order } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import { free } from "../free-venue.spec.ts";
import type { VenueConfig } from "../venue-config.ts";
import { paperVenue } from "./paper-venue.ts";

type Event = EventOf<"orders" | "market.instruments" | "market.bars" | "market.ticks">;
const M = MINUTE_US;
const DAY = 86_400_000_000;

const placed = (timeUs: number, one: Order) => at(timeUs, "orders", one);
/** Open, high, low, close of the minute that ends at `endUs`. */
const minute = (endUs: number, open: number, high: number, low: number, close: number) =>
  at(endUs, "market.bars", bar("A", endUs, close, { open, high, low }));
const tick = (timeUs: number, price: number) =>
  at(timeUs, "market.ticks", { symbol: "A", price, quantity: 1, venue: "", suspicious: false });
/** Of 10 shares, bought by a positive side; decided at the end of the first minute. */
const special = (side: 1 | -1, changes: Partial<Order>): Order =>
  order(1, "A", 10 * side, { decidedUs: M, ...changes });

const seen = new Set<string>();

function reports(config: Partial<VenueConfig>, ...events: readonly Event[]): ExecutionReport[] {
  const venue = paperVenue({ ...free, ...config }, "ticks");
  const found = given(venue, at(0, "market.instruments", equity("A")))
    .when(...events)
    .map(({ value }) => value);
  for (const { execType, reason } of found) seen.add(execType).add(reason);
  return found;
}

/** "1 FILLED 10@110", "2 CANCELED LinkedOrder" and the like. */
const told = (config: Partial<VenueConfig>, ...events: readonly Event[]): string[] =>
  reports(config, ...events).map(({ orderId, execType, quantity, price, reason }) =>
    execType === "FILLED"
      ? `${orderId} FILLED ${quantity}@${price}`
      : `${orderId} ${execType}${reason === "NONE" ? "" : ` ${reason}`}`,
  );

describe("an order with a trigger", () => {
  const stop = (side: 1 | -1, stopPrice: number, changes: Partial<Order> = {}): Order =>
    special(side, { type: "STOP", stopPrice, ...changes });
  const touch = (side: 1 | -1, stopPrice: number, changes: Partial<Order> = {}): Order =>
    special(side, { type: "MARKET_IF_TOUCHED", stopPrice, ...changes });

  test.each<[string, Order, readonly number[], string[]]>([
    [
      "a buy stop that is reached",
      stop(1, 110),
      [100, 112, 98, 105],
      ["1 TRIGGERED", "1 FILLED 10@110"],
    ],
    [
      "a buy stop that is just touched",
      stop(1, 110),
      [100, 110, 98, 105],
      ["1 TRIGGERED", "1 FILLED 10@110"],
    ],
    ["a buy stop that is not", stop(1, 110), [100, 109, 98, 105], []],
    [
      "a buy stop that is jumped over",
      stop(1, 110),
      [115, 120, 114, 118],
      ["1 TRIGGERED", "1 FILLED 10@115"],
    ],
    [
      "a sell stop that is reached",
      stop(-1, 95),
      [100, 101, 94, 99],
      ["1 TRIGGERED", "1 FILLED 10@95"],
    ],
    [
      "a sell stop that is jumped over",
      stop(-1, 95),
      [90, 99, 89, 99],
      ["1 TRIGGERED", "1 FILLED 10@90"],
    ],
    [
      "a buy touch that is reached",
      touch(1, 95),
      [100, 101, 94, 99],
      ["1 TRIGGERED", "1 FILLED 10@95"],
    ],
    [
      "a buy touch that is jumped over",
      touch(1, 95),
      [90, 99, 89, 99],
      ["1 TRIGGERED", "1 FILLED 10@90"],
    ],
    ["a sell touch that is not reached", touch(-1, 110), [100, 109, 98, 105], []],
    [
      "a sell touch that is reached",
      touch(-1, 110),
      [100, 112, 98, 105],
      ["1 TRIGGERED", "1 FILLED 10@110"],
    ],
    [
      "a buy stop with a limit above it",
      stop(1, 110, { type: "STOP_LIMIT", limitPrice: 111 }),
      [100, 112, 98, 105],
      ["1 TRIGGERED", "1 FILLED 10@110"],
    ],
    [
      "a buy stop whose limit the market has left behind, then meets on its way back",
      stop(1, 110, { type: "STOP_LIMIT", limitPrice: 111 }),
      [115, 120, 105, 106],
      ["1 TRIGGERED", "1 FILLED 10@111"],
    ],
    [
      "a buy stop whose limit the market has left behind for good",
      stop(1, 110, { type: "STOP_LIMIT", limitPrice: 111 }),
      [115, 120, 112, 113],
      ["1 TRIGGERED"],
    ],
    [
      "a buy touch whose limit lies further down",
      touch(1, 95, { type: "LIMIT_IF_TOUCHED", limitPrice: 93 }),
      [100, 101, 92, 99],
      ["1 TRIGGERED", "1 FILLED 10@93"],
    ],
    [
      "an immediate stop whose limit does not take the price",
      stop(1, 110, { type: "STOP_LIMIT", limitPrice: 111, timeInForce: "IOC" }),
      [115, 120, 105, 106],
      ["1 TRIGGERED", "1 CANCELED ImmediateOrCancel"],
    ],
  ])("%s", (_, one, prices, expected) => {
    const [open, high, low, close] = prices as [number, number, number, number];
    expect(told({}, placed(M, one), minute(2 * M, open, high, low, close))).toEqual(expected);
  });

  test("a stop pays slippage on what it takes, a limit that waited does not", () => {
    const next = minute(2 * M, 10_000, 11_200, 9_800, 10_500);
    const taker = reports({ slippageBps: 10 }, placed(M, stop(1, 11_000)), next);
    expect(taker[1]).toMatchObject({ price: 11_011, slippage: 11, tradeUs: 2 * M });
    const maker = stop(1, 9_900, { type: "LIMIT_IF_TOUCHED", stopPrice: 9_900, limitPrice: 9_850 });
    expect(reports({ slippageBps: 10 }, placed(M, maker), next)[1]).toMatchObject({
      price: 9_850,
      slippage: 0,
    });
  });

  test("on ticks is set off by the first print beyond its price, and trades at that print", () => {
    const events = [placed(M, stop(1, 110)), tick(M, 109), tick(M + 1, 113), tick(M + 2, 120)];
    expect(told({ fill: "next-tick" }, ...events)).toEqual(["1 TRIGGERED", "1 FILLED 10@113"]);
  });

  test("on bar-close is set off on arrival where the last close lies beyond its price", () => {
    const events = [minute(M, 100, 112, 98, 111), placed(M, stop(1, 110))];
    expect(told({ fill: "bar-close" }, ...events)).toEqual(["1 TRIGGERED", "1 FILLED 10@111"]);
  });
});

describe("a trailing stop", () => {
  const trailing = (side: 1 | -1, changes: Partial<Order>): Order =>
    special(side, { type: "TRAILING_STOP", ...changes });

  test.each<[string, Order, readonly number[], string[]]>([
    // 100, 99, 110, 104: the stop goes from 95 to 105.
    [
      "follows the high of a bar up",
      trailing(-1, { trailOffset: 5 }),
      [100, 110, 99, 104],
      ["1 TRIGGERED", "1 FILLED 10@105"],
    ],
    // 100, 101, 90, 92: 95 to 96.
    [
      "does not follow down",
      trailing(-1, { trailOffset: 5 }),
      [100, 101, 90, 92],
      ["1 TRIGGERED", "1 FILLED 10@96"],
    ],
    [
      "in basis points of the price",
      trailing(-1, { trailBps: 500 }),
      [1000, 1100, 990, 1040],
      ["1 TRIGGERED", "1 FILLED 10@1045"],
    ],
    // 100, 101, 90, 96: the stop of a buyer comes down from 105 to 95.
    [
      "follows the low for a buyer",
      trailing(1, { trailOffset: 5 }),
      [100, 101, 90, 96],
      ["1 TRIGGERED", "1 FILLED 10@95"],
    ],
    [
      "holds its first stop where that is nearer",
      trailing(-1, { trailOffset: 9, stopPrice: 97 }),
      [100, 101, 96, 98],
      ["1 TRIGGERED", "1 FILLED 10@97"],
    ],
    [
      "rests while the market runs its way",
      trailing(-1, { trailOffset: 5 }),
      [100, 110, 99, 106],
      [],
    ],
  ])("%s", (_, one, prices, expected) => {
    const [open, high, low, close] = prices as [number, number, number, number];
    expect(told({}, placed(M, one), minute(2 * M, open, high, low, close))).toEqual(expected);
  });

  test("remembers over bars and over ticks", () => {
    const one = trailing(-1, { trailOffset: 5 });
    const bars = [minute(2 * M, 100, 110, 100, 108), minute(3 * M, 107, 108, 104, 104)];
    expect(told({}, placed(M, one), ...bars)).toEqual(["1 TRIGGERED", "1 FILLED 10@105"]);
    const ticks = [tick(M, 100), tick(M + 1, 110), tick(M + 2, 106), tick(M + 3, 103)];
    expect(told({ fill: "next-tick" }, placed(M, one), ...ticks)).toEqual([
      "1 TRIGGERED",
      "1 FILLED 10@103",
    ]);
  });
});

describe("how long an order is good for", () => {
  const limit = (changes: Partial<Order>) =>
    special(1, { type: "LIMIT", limitPrice: 90, ...changes });

  test("GTD trades up to its last moment and not after it", () => {
    const dated = limit({ timeInForce: "GTD", expireUs: 3 * M });
    const quiet = minute(2 * M, 100, 100, 95, 95);
    const dip = (endUs: number) => minute(endUs, 95, 95, 80, 80);
    expect(told({}, placed(M, dated), quiet, dip(3 * M))).toEqual(["1 FILLED 10@90"]);
    expect(told({}, placed(M, dated), quiet, dip(3 * M + 1))).toEqual(["1 EXPIRED GoodTillDate"]);
    // Its time passes inside the bar: the open was still in time.
    const gap = minute(3 * M + 1, 85, 95, 80, 80);
    expect(told({}, placed(M, dated), quiet, gap)).toEqual(["1 FILLED 10@85"]);
    const cancel = { ...dated, action: "CANCEL" as const };
    expect(told({}, placed(M, dated), placed(4 * M, cancel))).toEqual([
      "1 EXPIRED GoodTillDate",
      "1 CANCEL_REJECTED UnknownOrder",
    ]);
  });

  test("FOK takes all at the first price, or nothing", () => {
    const all = limit({ timeInForce: "FOK" });
    expect(told({}, placed(M, all), minute(2 * M, 90, 95, 80, 85))).toEqual(["1 FILLED 10@90"]);
    expect(told({}, placed(M, all), minute(2 * M, 91, 95, 80, 85))).toEqual([
      "1 CANCELED FillOrKill",
    ]);
  });

  test("at the opening: the first open of a date, or never", () => {
    const opening = (changes: Partial<Order>) =>
      special(1, { timeInForce: "AT_THE_OPENING", decidedUs: 2 * M, ...changes });
    const today = [
      minute(M, 100, 100, 100, 100),
      placed(2 * M, opening({})),
      minute(4 * M, 99, 99, 99, 99),
    ];
    const tomorrow = minute(DAY + 2 * M, 120, 125, 110, 111);
    expect(told({}, ...today, tomorrow)).toEqual(["1 FILLED 10@120"]);
    expect(told({ fill: "bar-close" }, ...today, tomorrow)).toEqual(["1 FILLED 10@120"]);
    const choosy = opening({ type: "LIMIT", limitPrice: 115 });
    const events = [
      minute(M, 100, 100, 100, 100),
      placed(2 * M, choosy),
      minute(4 * M, 99, 99, 99, 99),
    ];
    expect(told({}, ...events, tomorrow)).toEqual(["1 EXPIRED AuctionMissed"]);
    const ticks = [tick(M, 100), placed(2 * M, opening({})), tick(3 * M, 90), tick(DAY, 91)];
    expect(told({ fill: "next-tick" }, ...ticks)).toEqual(["1 FILLED 10@91"]);
  });

  test("at the close: the last price of a date, told with the first of the next", () => {
    const closing = special(-1, { timeInForce: "AT_THE_CLOSE" });
    const day = [
      placed(M, closing),
      minute(3 * M, 100, 101, 99, 100),
      minute(5 * M, 99, 99, 97, 98),
    ];
    const next = minute(DAY + M, 90, 91, 89, 90);
    expect(reports({}, ...day, next)).toMatchObject([
      { execType: "FILLED", price: 98, tradeUs: 5 * M },
    ]);
    const high = { ...closing, type: "LIMIT" as const, limitPrice: 99 };
    expect(told({}, placed(M, high), ...day.slice(1), next)).toEqual(["1 EXPIRED AuctionMissed"]);
    // After the last price of the date: good for the next one.
    const late = [
      minute(M, 100, 100, 100, 100),
      placed(2 * M, { ...closing, decidedUs: 2 * M }),
      next,
    ];
    expect(told({}, ...late)).toEqual([]);
    expect(told({}, ...late, minute(2 * DAY + M, 80, 80, 80, 80))).toEqual(["1 FILLED 10@90"]);
  });

  test("at the close of a bar of a day: its close, at once", () => {
    const closing = special(-1, { timeInForce: "AT_THE_CLOSE", decidedUs: 0 });
    const whole = at(
      DAY,
      "market.bars",
      bar("A", DAY, 98, { startUs: 0, open: 90, high: 99, low: 90 }),
    );
    expect(reports({}, placed(0, closing), whole)).toMatchObject([{ price: 98, tradeUs: DAY }]);
  });
});

describe("what an order must not do", () => {
  const bought = order(9, "A", 6, { decidedUs: M });
  const flat = minute(2 * M, 100, 100, 100, 100);

  test("post-only is refused where it would take, and gets its limit where the market jumps through", () => {
    const poster = (limitPrice: number) =>
      special(1, { type: "LIMIT", limitPrice, postOnly: true, decidedUs: 2 * M });
    expect(told({}, flat, placed(2 * M, poster(100)))).toEqual(["1 REJECTED PostOnlyWouldTake"]);
    const events = [flat, placed(2 * M, poster(99)), minute(3 * M, 90, 95, 85, 90)];
    expect(reports({ slippageBps: 50 }, ...events)).toMatchObject([{ price: 99, slippage: 0 }]);
  });

  test("reduce-only is refused without a position, and never turns one", () => {
    const reducer = (side: 1 | -1, changes: Partial<Order> = {}) =>
      special(side, { reduceOnly: true, decidedUs: 2 * M, ...changes });
    expect(told({}, flat, placed(2 * M, reducer(-1)))).toEqual(["1 REJECTED NothingToReduce"]);
    const held = [placed(M, bought), flat];
    const next = minute(3 * M, 100, 100, 100, 100);
    expect(told({}, ...held, placed(2 * M, reducer(1)))).toEqual([
      "9 FILLED 6@100",
      "1 REJECTED NothingToReduce",
    ]);
    expect(told({}, ...held, placed(2 * M, reducer(-1)), next)).toEqual([
      "9 FILLED 6@100",
      "1 FILLED 6@100",
      "1 CANCELED NothingToReduce",
    ]);
    const killed = reducer(-1, { timeInForce: "FOK" });
    expect(told({}, ...held, placed(2 * M, killed), next).at(-1)).toBe("1 CANCELED FillOrKill");
    const cut = reducer(-1, { timeInForce: "IOC" });
    expect(told({}, ...held, placed(2 * M, cut), next).slice(1)).toEqual([
      "1 FILLED 6@100",
      "1 CANCELED ImmediateOrCancel",
    ]);
  });

  test("shows no more than it displays: a touch of its limit takes that, a way through takes all", () => {
    const shy = special(1, { type: "LIMIT", limitPrice: 95, displayQuantity: 4 });
    const touched = minute(2 * M, 100, 101, 95, 96);
    const again = minute(3 * M, 96, 97, 95, 97);
    const through = minute(4 * M, 97, 98, 94, 97);
    expect(told({}, placed(M, shy), touched, again, through)).toEqual([
      "1 FILLED 4@95",
      "1 FILLED 4@95",
      "1 FILLED 2@95",
    ]);
    expect(told({}, placed(M, shy), through)).toEqual(["1 FILLED 10@95"]);
  });

  test.each<[string, Partial<Order>, string]>([
    ["a stop without a price", { type: "STOP" }, "InvalidPrice"],
    ["a stop off the ticks", { type: "STOP", stopPrice: -5 }, "InvalidPrice"],
    ["a market order with a stop", { stopPrice: 100 }, "InvalidPrice"],
    ["a stop with a limit", { type: "STOP", stopPrice: 100, limitPrice: 100 }, "InvalidPrice"],
    ["a stop-limit without a limit", { type: "STOP_LIMIT", stopPrice: 100 }, "InvalidPrice"],
    ["a trailing stop without a distance", { type: "TRAILING_STOP" }, "InvalidTerms"],
    [
      "a trailing stop with two",
      { type: "TRAILING_STOP", trailOffset: 1, trailBps: 1 },
      "InvalidTerms",
    ],
    ["a distance of nothing", { type: "TRAILING_STOP", trailOffset: 0 }, "InvalidTerms"],
    ["a distance of everything", { type: "TRAILING_STOP", trailBps: 10_000 }, "InvalidTerms"],
    ["a distance without a trailing stop", { trailOffset: 1 }, "InvalidTerms"],
    ["GTD without a date", { timeInForce: "GTD" }, "InvalidTerms"],
    ["GTD in the past", { timeInForce: "GTD", expireUs: 0 }, "InvalidTerms"],
    ["a date without GTD", { expireUs: 9 * M }, "InvalidTerms"],
    [
      "a stop for an auction",
      { type: "STOP", stopPrice: 100, timeInForce: "AT_THE_CLOSE" },
      "InvalidTerms",
    ],
    ["post-only and at the market", { postOnly: true }, "InvalidTerms"],
    [
      "post-only and immediate",
      { type: "LIMIT", limitPrice: 9, postOnly: true, timeInForce: "IOC" },
      "InvalidTerms",
    ],
    ["a display of a market order", { displayQuantity: 1 }, "InvalidTerms"],
    [
      "a display of more than all",
      { type: "LIMIT", limitPrice: 9, displayQuantity: 11 },
      "InvalidQuantity",
    ],
    ["its own parent", { parentOrderId: 1 }, "InvalidTerms"],
    ["a parent that nobody knows", { parentOrderId: 5 }, "LinkedOrder"],
  ])("%s is refused", (_, changes, reason) => {
    expect(told({}, placed(M, special(1, changes)))).toEqual([`1 REJECTED ${reason}`]);
  });
});

describe("a cap on participation", () => {
  // Bars of 1000, ticks of 1.
  const capped = { participationBps: 60 };
  const flat = (endUs: number) => minute(endUs, 100, 100, 100, 100);
  const ten = special(1, {});

  test("fills in part, bar by bar", () => {
    expect(told(capped, placed(M, ten), flat(2 * M), flat(3 * M))).toEqual([
      "1 FILLED 6@100",
      "1 FILLED 4@100",
    ]);
    const ioc = special(1, { timeInForce: "IOC" });
    expect(told(capped, placed(M, ioc), flat(2 * M))).toEqual([
      "1 FILLED 6@100",
      "1 CANCELED ImmediateOrCancel",
    ]);
    const fok = special(1, { timeInForce: "FOK" });
    expect(told(capped, placed(M, fok), flat(2 * M))).toEqual(["1 CANCELED FillOrKill"]);
  });

  test("is shared by all orders of the symbol, those that come at the last close too", () => {
    const second = order(2, "A", -10, { decidedUs: M });
    expect(told(capped, placed(M, ten), placed(M, second), flat(2 * M), flat(3 * M))).toEqual([
      "1 FILLED 6@100",
      "1 FILLED 4@100",
      "2 FILLED 2@100",
    ]);
    const close = { ...capped, fill: "bar-close" as const };
    expect(told(close, flat(M), placed(M, ten), placed(M, second), flat(2 * M))).toEqual([
      "1 FILLED 6@100",
      "1 FILLED 4@100",
      "2 FILLED 2@100",
    ]);
  });

  test("counts in whole lots", () => {
    const venue = paperVenue({ ...free, ...capped }, "ticks");
    const lots = at(0, "market.instruments", equity("A", { lotSize: 5 }));
    const found = given(venue, lots).when(placed(M, ten), flat(2 * M), flat(3 * M));
    expect(found.map(({ value }) => value.quantity)).toEqual([5, 5]);
  });

  test("no volume, no execution", () => {
    const events = [placed(M, ten), tick(M, 100), tick(M + 1, 100)];
    expect(told({ fill: "next-tick", participationBps: 10_000 }, ...events)).toEqual([
      "1 FILLED 1@100",
      "1 FILLED 1@100",
    ]);
    expect(told({ fill: "next-tick", ...capped }, ...events)).toEqual([]);
  });
});

describe("linked orders", () => {
  const exit = (orderId: number, changes: Partial<Order>): Order =>
    order(orderId, "A", -10, { decidedUs: M, ocoGroup: 7, ...changes });
  const stopLoss = (changes: Partial<Order> = {}) =>
    exit(2, { type: "STOP", stopPrice: 95, ...changes });
  const takeProfit = (changes: Partial<Order> = {}) =>
    exit(3, { type: "LIMIT", limitPrice: 105, ...changes });
  const pair = [placed(M, stopLoss()), placed(M, takeProfit())];

  test("OCO, both sides in one bar: the one that the path meets first", () => {
    // The high is nearer to the open.
    expect(told({}, ...pair, minute(2 * M, 101, 106, 94, 100))).toEqual([
      "3 FILLED 10@105",
      "2 CANCELED LinkedOrder",
    ]);
    // The low is, or neither: as bad as it may have been.
    for (const open of [99, 100]) {
      expect(told({}, ...pair, minute(2 * M, open, 106, 94, 100))).toEqual([
        "2 TRIGGERED",
        "2 FILLED 10@95",
        "3 CANCELED LinkedOrder",
      ]);
    }
  });

  test("OCO in part takes its part off the other", () => {
    const shy = takeProfit({ displayQuantity: 4 });
    const events = [placed(M, stopLoss()), placed(M, shy), minute(2 * M, 101, 105, 100, 101)];
    const found = reports({}, ...events, minute(3 * M, 100, 100, 90, 90));
    expect(
      found.map((one) => [one.orderId, one.execType, one.quantity, one.leavesQuantity]),
    ).toEqual([
      [3, "FILLED", 4, 6],
      [2, "RESTATED", 0, 6],
      [2, "TRIGGERED", 0, 6],
      [2, "FILLED", 6, 0],
      [3, "CANCELED", 0, 0],
    ]);
  });

  const entry = order(1, "A", 10, { type: "LIMIT", limitPrice: 98, decidedUs: M });
  const child = { parentOrderId: 1 };
  const bracket = [placed(M, entry), placed(M, stopLoss(child)), placed(M, takeProfit(child))];

  test("a bracket: entry, then one of its two ends, within one bar", () => {
    expect(told({}, ...bracket, minute(2 * M, 100, 105, 97, 103))).toEqual([
      "2 SUSPENDED LinkedOrder",
      "3 SUSPENDED LinkedOrder",
      "1 FILLED 10@98",
      "2 TRIGGERED LinkedOrder",
      "3 TRIGGERED LinkedOrder",
      "3 FILLED 10@105",
      "2 CANCELED LinkedOrder",
    ]);
    // The stop lies on the way on down from the entry.
    expect(told({}, ...bracket, minute(2 * M, 100, 106, 94, 100)).slice(2)).toEqual([
      "1 FILLED 10@98",
      "2 TRIGGERED LinkedOrder",
      "3 TRIGGERED LinkedOrder",
      "2 TRIGGERED",
      "2 FILLED 10@95",
      "3 CANCELED LinkedOrder",
    ]);
  });

  test("children do nothing before their parent has, and go with it", () => {
    expect(told({}, ...bracket, minute(2 * M, 106, 108, 99, 99)).slice(2)).toEqual([]);
    const cancel = placed(2 * M, { ...entry, action: "CANCEL" });
    expect(told({}, ...bracket, cancel).slice(2)).toEqual([
      "1 CANCELED CanceledByUser",
      "2 CANCELED LinkedOrder",
      "3 CANCELED LinkedOrder",
    ]);
  });

  test("a parent that executes in part releases as much, and what it leaves is taken off", () => {
    const shy = { ...entry, displayQuantity: 4 };
    const events = [placed(M, shy), placed(M, stopLoss(child)), minute(2 * M, 100, 101, 98, 99)];
    const cancel = placed(2 * M, { ...shy, action: "CANCEL" });
    const found = reports({}, ...events, cancel, minute(3 * M, 99, 99, 90, 90));
    expect(
      found.map((one) => [one.orderId, one.execType, one.quantity, one.leavesQuantity]),
    ).toEqual([
      [2, "SUSPENDED", 0, 10],
      [1, "FILLED", 4, 6],
      [2, "TRIGGERED", 0, 10],
      [1, "CANCELED", 0, 0],
      [2, "RESTATED", 0, 4],
      [2, "TRIGGERED", 0, 4],
      [2, "FILLED", 4, 0],
    ]);
  });

  test("a child that has closed what its parent executed so far stays for the rest", () => {
    const shy = { ...entry, displayQuantity: 4 };
    const guard = { ...child, reduceOnly: true };
    const pair = [placed(M, stopLoss(guard)), placed(M, takeProfit(guard))];
    const bars = [minute(2 * M, 100, 101, 98, 99), minute(3 * M, 99, 105, 99, 100)];
    const found = told({}, placed(M, shy), ...pair, ...bars, minute(4 * M, 99, 99, 97, 97));
    expect(found.slice(2)).toEqual([
      "1 FILLED 4@98",
      "2 TRIGGERED LinkedOrder",
      "3 TRIGGERED LinkedOrder",
      "3 FILLED 4@105",
      "2 RESTATED LinkedOrder",
      "2 SUSPENDED LinkedOrder",
      "1 FILLED 6@98",
      "2 TRIGGERED LinkedOrder",
      "3 TRIGGERED LinkedOrder",
    ]);
  });

  test("children that come with a parent that trades on arrival are live at once", () => {
    const market = order(1, "A", 10, { decidedUs: M });
    const events = [minute(M, 100, 100, 100, 100), placed(M, market), placed(M, stopLoss(child))];
    const found = told({ fill: "bar-close" }, ...events, minute(2 * M, 100, 100, 94, 94));
    expect(found).toEqual(["1 FILLED 10@100", "2 TRIGGERED", "2 FILLED 10@95"]);
    const late = placed(M + 1, stopLoss({ ...child, decidedUs: M + 1 }));
    expect(told({ fill: "bar-close" }, ...events.slice(0, 2), late).at(-1)).toBe(
      "2 REJECTED LinkedOrder",
    );
  });
});

describe("a replace", () => {
  const limit = (orderId: number, quantity: number, limitPrice: number): Order =>
    order(orderId, "A", quantity, { type: "LIMIT", limitPrice, decidedUs: M });
  const amend = (timeUs: number, one: Order, changes: Partial<Order>) =>
    placed(timeUs, { ...one, action: "REPLACE", decidedUs: timeUs, ...changes });
  const one = limit(1, 10, 90);
  const other = limit(2, 10, 90);
  const dip = minute(3 * M, 95, 95, 89, 90);

  test("gives new terms; the order is what it was otherwise", () => {
    const found = reports(
      {},
      placed(M, one),
      amend(2 * M, one, { limitPrice: 92, quantity: 20 }),
      dip,
    );
    expect(found).toMatchObject([
      { execType: "REPLACED", leavesQuantity: 20, cumQuantity: 0 },
      { execType: "FILLED", quantity: 20, price: 92 },
    ]);
  });

  test("keeps the order's place where only its size shrinks", () => {
    const both = [placed(M, one), placed(M, other)];
    const ids = (...events: readonly Event[]) =>
      told({}, ...events).filter((text) => text.includes("FILLED"));
    expect(ids(...both, amend(2 * M, one, { quantity: 5 }), dip)).toEqual([
      "1 FILLED 5@90",
      "2 FILLED 10@90",
    ]);
    expect(ids(...both, amend(2 * M, one, { quantity: 15 }), dip)).toEqual([
      "2 FILLED 10@90",
      "1 FILLED 15@90",
    ]);
  });

  test("to no more than was executed fills the order", () => {
    const shy = { ...one, displayQuantity: 4 };
    const events = [placed(M, shy), minute(2 * M, 100, 100, 90, 95)];
    expect(reports({}, ...events, amend(2 * M, shy, { quantity: 4 })).at(-1)).toMatchObject({
      execType: "REPLACED",
      leavesQuantity: 0,
      cumQuantity: 4,
    });
  });

  test("moves a stop, and a trailing stop only where it is told to", () => {
    const stop = special(-1, { type: "STOP", stopPrice: 90 });
    const up = amend(2 * M, stop, { stopPrice: 94 });
    expect(told({}, placed(M, stop), up, minute(3 * M, 100, 100, 93, 95))).toEqual([
      "1 REPLACED",
      "1 TRIGGERED",
      "1 FILLED 10@94",
    ]);
    const trailing = special(-1, { type: "TRAILING_STOP", trailOffset: 5 });
    const run = [placed(M, trailing), minute(2 * M, 100, 110, 100, 110)];
    const smaller = amend(2 * M, trailing, { quantity: 6 });
    expect(told({}, ...run, smaller, minute(3 * M, 107, 107, 100, 100)).at(-1)).toBe(
      "1 FILLED 6@105",
    );
  });

  test.each<[string, Partial<Order>, string]>([
    ["an order that nobody knows", { orderId: 8 }, "UnknownOrder"],
    ["another side", { side: "SELL" }, "InvalidTerms"],
    ["another type", { type: "MARKET", limitPrice: null }, "InvalidTerms"],
    ["another group", { ocoGroup: 3 }, "InvalidTerms"],
    ["a price that cannot be", { limitPrice: 0 }, "InvalidPrice"],
  ])("%s is refused, and the order stays", (_, changes, reason) => {
    const found = told({}, placed(M, one), amend(2 * M, one, changes), dip);
    const id = changes.orderId ?? 1;
    expect(found).toEqual([`${id} REPLACE_REJECTED ${reason}`, "1 FILLED 10@90"]);
  });
});

describe("any orders on any bars", () => {
  const price = fc.integer({ min: 90, max: 110 });
  const terms = fc.oneof(
    fc.constant({ type: "MARKET" as const }),
    price.map((limitPrice) => ({ type: "LIMIT" as const, limitPrice })),
    price.map((stopPrice) => ({ type: "STOP" as const, stopPrice })),
    price.map((stopPrice) => ({ type: "MARKET_IF_TOUCHED" as const, stopPrice })),
    fc.record({ type: fc.constant("STOP_LIMIT" as const), stopPrice: price, limitPrice: price }),
    fc.record({
      type: fc.constant("LIMIT_IF_TOUCHED" as const),
      stopPrice: price,
      limitPrice: price,
    }),
    fc.record({
      type: fc.constant("TRAILING_STOP" as const),
      trailOffset: fc.integer({ min: 1, max: 9 }),
    }),
    fc.record({
      type: fc.constant("TRAILING_STOP" as const),
      trailBps: fc.integer({ min: 1, max: 900 }),
    }),
  );
  const drawn = fc.record({
    kind: fc.constant("order" as const),
    terms,
    buys: fc.boolean(),
    quantity: fc.integer({ min: 1, max: 9 }),
    timeInForce: fc.constantFrom("GTC", "DAY", "IOC", "FOK", "AT_THE_OPENING", "AT_THE_CLOSE"),
    displayQuantity: fc.option(fc.integer({ min: 1, max: 3 })),
    postOnly: fc.boolean(),
    reduceOnly: fc.boolean(),
    parent: fc.option(fc.integer({ min: 1, max: 4 }), { freq: 2 }),
    ocoGroup: fc.option(fc.integer({ min: 1, max: 2 }), { freq: 2 }),
  });
  const step = fc.oneof(
    { weight: 3, arbitrary: drawn },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("bar" as const),
        prices: fc.tuple(price, price, price, price),
        night: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom("CANCEL" as const, "REPLACE" as const),
        of: fc.integer({ min: 1, max: 12 }),
        quantity: fc.integer({ min: 1, max: 9 }),
        limitPrice: price,
      }),
    },
  );

  interface Known {
    readonly order: Order;
    readonly first: Order;
    progress: OrderProgress;
    filled: number;
    triggered: boolean;
  }

  test("limits hold, stops wait, nothing is executed twice, and the state machine agrees", () => {
    let fills = 0;
    let triggers = 0;
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40, size: "max" }),
        fc.constantFrom("next-open" as const, "bar-close" as const),
        fc.constantFrom(null, 10, 50, 10_000),
        (script, fill, participationBps) => {
          const venue = given(
            paperVenue({ ...free, fill, participationBps }, "bars"),
            at(0, "market.instruments", equity("A")),
            minute(M, 100, 100, 100, 100),
          );
          const known = new Map<number, Known>();
          let nowUs = M;
          let execId = 0;
          let position = 0;
          const hear = (events: readonly Event[], range: readonly [number, number]): void => {
            for (const { value } of venue.when(...events)) {
              const report = value as ExecutionReport;
              expect(report.execId).toBe(++execId);
              const one = known.get(report.orderId) as Known;
              if (report.reason === "UnknownOrder") continue;
              const { progress, illegal } = advance(one.progress, report);
              expect(illegal).toBeNull();
              one.progress = progress;
              const { order: its } = one;
              if (report.execType === "TRIGGERED" && report.reason === "NONE") {
                triggers++;
                one.triggered = true;
                if (its.stopPrice !== null) {
                  const rises = (its.side === "BUY") === its.type.startsWith("STOP");
                  if (rises) expect(range[1]).toBeGreaterThanOrEqual(its.stopPrice);
                  else expect(range[0]).toBeLessThanOrEqual(its.stopPrice);
                }
              }
              if (report.execType !== "FILLED") continue;
              fills++;
              one.filled += report.quantity;
              const signed = its.side === "BUY" ? report.quantity : -report.quantity;
              if (its.reduceOnly)
                expect(Math.abs(position + signed)).toBeLessThan(Math.abs(position));
              position += signed;
              expect(report.cumQuantity).toBe(one.filled);
              if (!its.postOnly) {
                expect(report.price).toBeGreaterThanOrEqual(range[0]);
                expect(report.price).toBeLessThanOrEqual(range[1]);
              }
              if (its.limitPrice !== null) {
                if (its.side === "BUY") expect(report.price).toBeLessThanOrEqual(its.limitPrice);
                else expect(report.price).toBeGreaterThanOrEqual(its.limitPrice);
              }
              const needsTrigger = !["MARKET", "LIMIT"].includes(its.type);
              expect(one.triggered).toBe(needsTrigger);
              if (its.timeInForce === "FOK") expect(report.leavesQuantity).toBe(0);
            }
          };
          let last: readonly [number, number] = [100, 100];
          for (const one of script) {
            if (one.kind === "bar") {
              const fromUs = one.night ? (Math.floor(nowUs / DAY) + 1) * DAY : nowUs;
              nowUs = (Math.floor(fromUs / M) + 1) * M;
              const [open, a, b, close] = one.prices;
              const [low, high] = [Math.min(...one.prices, a, b), Math.max(...one.prices)];
              // An order at the close of the date before is told of now.
              const range = [Math.min(low, last[0]), Math.max(high, last[1])] as const;
              hear([minute(nowUs, open, high, low, close)], range);
              last = [close, close];
            } else if (one.kind === "order") {
              const orderId = known.size + 1;
              const { kind: _, terms: its, buys, quantity, parent, displayQuantity, ...rest } = one;
              const placedOrder = order(orderId, "A", buys ? quantity : -quantity, {
                ...rest,
                ...its,
                timeInForce: rest.timeInForce as Order["timeInForce"],
                displayQuantity:
                  displayQuantity !== null && displayQuantity <= quantity && "limitPrice" in its
                    ? displayQuantity
                    : null,
                postOnly:
                  rest.postOnly &&
                  its.type === "LIMIT" &&
                  ["GTC", "DAY"].includes(rest.timeInForce),
                parentOrderId: parent !== null && parent < orderId ? orderId - parent : null,
                decidedUs: nowUs,
              });
              known.set(orderId, {
                order: placedOrder,
                first: placedOrder,
                progress: submitted(quantity),
                filled: 0,
                triggered: false,
              });
              hear([placed(nowUs, placedOrder)], last);
            } else {
              const target = known.get(one.of);
              if (target === undefined) continue;
              const { order: its } = target;
              if (one.kind === "CANCEL") {
                if (!isEnd(target.progress.status))
                  target.progress = cancelRequested(target.progress);
                hear([placed(nowUs, { ...its, action: "CANCEL", decidedUs: nowUs })], last);
              } else {
                const { quantity } = one;
                if (isEnd(target.progress.status)) continue;
                target.progress = replaceRequested(target.progress, quantity);
                const limitPrice = its.limitPrice === null ? null : one.limitPrice;
                const changed = {
                  ...its,
                  quantity,
                  limitPrice,
                  displayQuantity: null,
                  decidedUs: nowUs,
                };
                // Whatever the answer: the wider of the two limits is what this test may hold it to.
                const wider =
                  its.limitPrice === null
                    ? null
                    : its.side === "BUY"
                      ? Math.max(its.limitPrice, one.limitPrice)
                      : Math.min(its.limitPrice, one.limitPrice);
                known.set(one.of, { ...target, order: { ...its, limitPrice: wider } });
                hear([placed(nowUs, { ...changed, action: "REPLACE" })], last);
              }
            }
          }
        },
      ),
      { numRuns: 1500 },
    );
    expect(Math.min(fills, triggers)).toBeGreaterThan(1000);
  });
});

test("every kind of report and reason that is special was produced above", () => {
  expect([...seen]).toEqual(
    expect.arrayContaining([
      ...["SUSPENDED", "TRIGGERED", "REPLACED", "RESTATED", "REPLACE_REJECTED", "InvalidTerms"],
      ...["PostOnlyWouldTake", "NothingToReduce", "FillOrKill", "GoodTillDate", "AuctionMissed"],
      "LinkedOrder",
    ]),
  );
});

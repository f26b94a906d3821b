// Every limit of the order gate at one less, at the limit itself, and at one more.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Order } from "../../schemas/generated/orders.ts";
import type { OrderCheckName } from "../../schemas/generated/risk.order-verdicts.ts";
import type { EventOf } from "../../streams/event.ts";
import { bar, command, filled, order, passed } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import type { OrderRiskConfig } from "../risk-config.ts";
import { orderGate } from "./order-gate.ts";
import { allOff, brief, gateWith, portfolio, snapshot } from "./testing/gate-facts.ts";

type Event = EventOf<
  | "orders"
  | "fills"
  | "risk.verdicts"
  | "portfolio.snapshots"
  | "market.bars"
  | "market.instruments"
  | "control.commands"
>;

/** Monday, 7 October 2013, 13:30 UTC. */
const NOON_US = 1_381_152_600_000_000;
const SECOND_US = 1_000_000;
const HOUR_US = 3_600 * SECOND_US;
const DAY_US = 24 * HOUR_US;

/** A share that last traded at 100.00, in lots of one. */
const known: readonly Event[] = [
  at(NOON_US, "market.instruments", equity("A")),
  at(NOON_US, "market.bars", bar("A", NOON_US, 100_00, { volume: 10_000 })),
];
const asked = (one: Order, afterUs = 0): Event => at(NOON_US + afterUs, "orders", one);
const limited = (id: number, quantity: number, limitPrice: number, changes: Partial<Order> = {}) =>
  order(id, "A", quantity, { type: "LIMIT", limitPrice, referencePrice: 100_00, ...changes });
const market = (id: number, quantity: number, changes: Partial<Order> = {}) =>
  order(id, "A", quantity, { referencePrice: 100_00, ...changes });

/** What the last event leads to, and the measured values of a check. */
function last(config: Partial<OrderRiskConfig>, check: OrderCheckName, events: readonly Event[]) {
  const found = given(gateWith(config), ...events.slice(0, -1)).when(events.at(-1) as Event);
  const verdict = found.findLast(({ value }) => value.reason !== "KillSwitch")?.value;
  if (verdict === undefined) throw new Error("the last event led to no verdict");
  const made = verdict.checks.find((one) => one.check === check);
  return { verdict, made, said: brief(verdict) };
}

interface Case {
  readonly check: OrderCheckName;
  readonly reason: string;
  readonly config: Partial<OrderRiskConfig>;
  readonly limit: number;
  /** Events whose last request measures the limit and so much more. */
  readonly events: (more: number) => readonly Event[];
}

const rate = { most: 5, windowUs: SECOND_US };
/** So many orders of other terms each, all in the window, then one more. */
const burst = (count: number, one: (id: number) => Order): readonly Event[] =>
  Array.from({ length: count }, (_, i) => asked(one(i + 1), i));

const cases: readonly Case[] = [
  {
    check: "PRICE_COLLAR",
    reason: "PriceCollarExceeded",
    config: { priceCollarBps: 500 },
    limit: 500,
    events: (more) => [...known, asked(limited(1, 10, 105_00 + more))],
  },
  {
    check: "MAX_ORDER_QUANTITY",
    reason: "MaxOrderQuantityExceeded",
    config: { maxOrderQuantity: "100" },
    limit: 100,
    events: (more) => [...known, asked(market(1, 100 + more))],
  },
  {
    check: "MAX_ORDER_VALUE",
    reason: "MaxOrderValueExceeded",
    config: { maxOrderValueMinor: 10_000_00 },
    limit: 10_000_00,
    events: (more) => [...known, asked(limited(1, 1, 10_000_00 + more))],
  },
  {
    check: "VOLUME_SHARE",
    reason: "VolumeShareExceeded",
    config: { volumeShare: { mostBps: 100, bars: 3 } },
    limit: 100,
    events: (more) => [
      ...known,
      ...known.slice(1),
      ...known.slice(1),
      asked(market(1, 100 + more)),
    ],
  },
  {
    check: "ORDER_RATE",
    reason: "OrderRateExceeded",
    config: { orderRate: rate },
    limit: 5,
    events: (more) => [...known, ...burst(5 + more, (id) => market(id, id))],
  },
  {
    check: "MESSAGE_RATE",
    reason: "MessageRateExceeded",
    config: { messageRate: rate },
    limit: 5,
    // Cancels count, though none of an order that works is refused.
    events: (more) => {
      const cancel = (id: number) => market(id, id, { action: "CANCEL" });
      const sent = [market(1, 1), market(2, 2), cancel(1), cancel(2), market(3, 3)];
      const before = sent.slice(0, 4 + more).map((one, i) => asked(one, i));
      return [...known, ...before, asked(market(4, 4), 10)];
    },
  },
  {
    check: "REPEATED_EXECUTION",
    reason: "RepeatedExecution",
    config: { repeats: rate },
    limit: 5,
    events: (more) => [...known, ...burst(5 + more, (id) => market(id, 7))],
  },
  {
    check: "PRICE_AGE",
    reason: "StalePrice",
    config: { maxPriceAgeUs: 3 * SECOND_US },
    limit: 3 * SECOND_US,
    events: (more) => [...known, asked(market(1, 1), 3 * SECOND_US + more)],
  },
  {
    check: "APPROVED_TARGET",
    reason: "NotApproved",
    config: { approvedOnly: true },
    limit: 40,
    events: (more) => [
      ...known,
      at(NOON_US, "risk.verdicts", passed(["A", 40, 100_00])),
      asked(market(1, 30)),
      asked(market(2, 10 + more)),
    ],
  },
  {
    check: "APPROVED_QUANTITY",
    reason: "NotApproved",
    config: { approvedOnly: true },
    limit: 40,
    // What was sold in between makes room for the target, not for more than was approved.
    events: (more) => [
      ...known,
      at(NOON_US, "risk.verdicts", passed(["A", 40, 100_00])),
      asked(market(1, 30)),
      at(NOON_US, "portfolio.snapshots", snapshot("A", -100, 1n)),
      at(NOON_US, "portfolio.snapshots", snapshot("A", -30, 1n)),
      asked(market(2, 10 + more)),
    ],
  },
  {
    check: "SHORT_AVAILABILITY",
    reason: "ShortNotAvailable",
    config: { shortable: { A: "50" } },
    limit: 50,
    events: (more) => [
      ...known,
      at(NOON_US, "portfolio.snapshots", snapshot("A", 20, 1n)),
      asked(market(1, -30)),
      asked(market(2, -40 - more)),
    ],
  },
  {
    check: "BUYING_POWER",
    reason: "BuyingPowerExceeded",
    config: { buyingPower: true },
    limit: 10_000_00,
    events: (more) => [
      ...known,
      at(NOON_US, "portfolio.snapshots", snapshot("", 0, 10_000_00n)),
      asked(limited(1, 1, 4_000_00)),
      asked(limited(2, 1, 6_000_00 + more)),
    ],
  },
];

describe("no order passes a limit at one more, and none is refused at it", () => {
  test.each(cases)("$check", ({ check, reason, config, limit, events }) => {
    for (const more of [-1, 0, 1]) {
      const { made, verdict } = last(config, check, events(more));
      // One cent more of price is one basis point more here, and one step of every other unit.
      if (check !== "APPROVED_QUANTITY")
        expect(made).toMatchObject({ limit, measured: limit + more });
      expect([verdict.outcome, verdict.reason], `${more} more`).toEqual(
        more > 0 ? ["DENY", reason] : ["PASS", "NONE"],
      );
    }
  });

  test.each([
    ["before it opens", -1, "DENY #1 OutsideSession"],
    ["as it opens", 0, "PASS #1"],
    ["as it closes", 6.5 * HOUR_US, "PASS #1"],
    ["after it closed", 6.5 * HOUR_US + 1, "DENY #1 OutsideSession"],
    ["on Friday", 4 * DAY_US, "PASS #1"],
    ["on Saturday", 5 * DAY_US, "DENY #1 OutsideSession"],
    ["on Sunday", 6 * DAY_US, "DENY #1 OutsideSession"],
    ["on Monday", 7 * DAY_US, "PASS #1"],
  ])("SESSION: %s", (_, afterUs, said) => {
    const session = { openUs: 13.5 * HOUR_US, closeUs: 20 * HOUR_US };
    const listed = at(NOON_US - 1, "market.instruments", equity("A"));
    expect(last({ session }, "SESSION", [listed, asked(market(1, 1), afterUs)]).said).toBe(said);
  });

  test.each([
    ["24x7", 5 * DAY_US, "PASS #1"],
    ["24x5", 5 * DAY_US, "DENY #1 OutsideSession"],
    ["XNYS", 0, "PASS #1"],
    ["XNYS", 6.5 * HOUR_US, "DENY #1 OutsideSession"],
  ])("SESSION by the calendar %s, %i us after noon", (calendar, afterUs, said) => {
    const listed = at(NOON_US - 1, "market.instruments", equity("A", { calendar }));
    const events = [listed, asked(market(1, 1), afterUs)];
    expect(last({ session: "CALENDAR" }, "SESSION", events).said).toBe(said);
  });

  test("a window slides: what left it makes room, to the microsecond", () => {
    const first = burst(5, (id) => market(id, id));
    const at5 = (afterUs: number) =>
      last({ orderRate: rate }, "ORDER_RATE", [...known, ...first, asked(market(6, 6), afterUs)]);
    expect(at5(SECOND_US - 1).said).toBe("DENY #6 OrderRateExceeded");
    expect(at5(SECOND_US).said).toBe("PASS #6");
  });

  test("in any stretch of the window's length no more requests pass than the limit, and none is refused below it", () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 400_000 }), { maxLength: 60, size: "max" });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 8 }), (found, most) => {
        const times = found.map((_, i) => found.slice(0, i + 1).reduce((a, b) => a + b, NOON_US));
        const events = times.map((timeUs, i) => at(timeUs, "orders", market(i + 1, i + 1)));
        const config = { orderRate: { most, windowUs: SECOND_US } };
        const verdicts = given(gateWith(config), ...known).when(...events);
        const passedAt: number[] = [];
        for (const [i, { value }] of verdicts.entries()) {
          const { timeUs } = events[i] as Event;
          const inWindow = passedAt.filter((one) => one > timeUs - SECOND_US).length;
          expect(value.outcome).toBe(inWindow < most ? "PASS" : "DENY");
          if (value.outcome === "PASS") passedAt.push(timeUs);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("what is approved and what is paid for", () => {
  test("a purchase is not approved where the target is short, and nothing is where nothing lies between", () => {
    const approve = (quantity: number) =>
      at(NOON_US, "risk.verdicts", passed(["A", quantity, 100_00]));
    const ask = (target: number, quantity: number) =>
      last({ approvedOnly: true }, "APPROVED_TARGET", [
        ...known,
        approve(target),
        asked(market(1, quantity)),
      ]).said;
    expect([ask(-40, 10), ask(-40, -40), ask(-40, -41), ask(0, 1)]).toEqual([
      "DENY #1 NotApproved",
      "PASS #1",
      "DENY #1 NotApproved",
      "DENY #1 NotApproved",
    ]);
  });

  test("a short position takes twice its value: its proceeds, and as much again", () => {
    const held = [
      at(NOON_US, "portfolio.snapshots", snapshot("A", -10, 10_000_00n)),
      at(NOON_US, "market.instruments", equity("B")),
      at(NOON_US, "market.bars", bar("B", NOON_US, 1_00)),
    ];
    const ask = (price: number) =>
      last({ buyingPower: true }, "BUYING_POWER", [
        ...known,
        ...held,
        asked(order(1, "B", 1, { type: "LIMIT", limitPrice: price })),
      ]).said;
    expect([ask(8_000_00), ask(8_000_01)]).toEqual(["PASS #1", "DENY #1 BuyingPowerExceeded"]);
  });
});

describe("an order that turns a position round", () => {
  const asks = (position: number, cash: bigint, ...orders: readonly Order[]) =>
    last({ buyingPower: true }, "BUYING_POWER", [
      ...known,
      at(NOON_US, "portfolio.snapshots", snapshot("A", position, cash)),
      at(NOON_US, "market.instruments", equity("B")),
      at(NOON_US, "market.bars", bar("B", NOON_US, 100_00)),
      ...orders.map((one) => asked(one)),
    ]);

  test.each([
    ["BUY", -10, 2_000_00n],
    ["SELL", 10, 0n],
  ] as const)("to %s opens with what it closes", (side, position, cash) => {
    // All of equity, 1,000.00, is bound in ten of 100.00 each.
    const turn = (quantity: number) => asks(position, cash, market(1, quantity, { side })).said;
    expect([turn(20), turn(21)]).toEqual(["PASS #1", "DENY #1 BuyingPowerExceeded"]);
  });

  test("makes no room for another order", () => {
    const turn = market(1, 12, { side: "SELL" });
    const other = order(2, "B", 1, { referencePrice: 100_00 });
    expect(asks(10, 0n, turn).said).toBe("PASS #1");
    expect(asks(10, 0n, turn, other).said).toBe("DENY #2 BuyingPowerExceeded");
    expect(asks(10, 100_00n, turn, other).said).toBe("PASS #2");
  });
});

describe("an order that only reduces", () => {
  const million = 1_000_000;
  const held = at(NOON_US, "portfolio.snapshots", snapshot("A", million, 0n));
  const stale = { openUs: 13 * HOUR_US, closeUs: 20 * HOUR_US };
  const strict = {
    maxOrderValueMinor: 1_000_000_00,
    maxOrderQuantity: "10000",
    volumeShare: { mostBps: 10_000, bars: 1 },
    maxPriceAgeUs: 60 * SECOND_US,
    session: stale,
    priceCollarBps: 500,
    repeats: rate,
    approvedOnly: true,
    shortable: {},
    buyingPower: true,
    messageRate: rate,
    orderRate: rate,
  };

  test("meets every check that is on, each written down, at ten times the limit", () => {
    const { verdict } = last(strict, "PRICE_AGE", [
      ...known,
      held,
      asked(market(1, -million), 601 * SECOND_US),
    ]);
    const told = verdict.checks.map(({ check, limit, passed }) => `${check} ${limit} ${passed}`);
    expect(told).toEqual([
      "TRADING_STATE 3 true",
      "DUPLICATE_ORDER 1 true",
      "MESSAGE_RATE 5 true",
      "ORDER_RATE 5 true",
      "REPEATED_EXECUTION 50 true",
      `SESSION ${Number.MAX_SAFE_INTEGER} true`,
      `PRICE_AGE ${600 * SECOND_US} false`,
      "PRICE_COLLAR 500 true",
      "MAX_ORDER_QUANTITY 100000 false",
      "MAX_ORDER_VALUE 1000000000 false",
      "VOLUME_SHARE 100000 false",
      "APPROVED_TARGET 0 true",
      "APPROVED_QUANTITY 0 true",
      "SHORT_AVAILABILITY 0 true",
      "BUYING_POWER 0 true",
    ]);
    expect(verdict.reason).toBe("StalePrice");
  });

  test.each([
    ["maxOrderQuantity", { maxOrderQuantity: "20000" }, 20_000],
    ["maxOrderValueMinor", { maxOrderValueMinor: 2_000_000_00 }, 20_000],
    ["volumeShareBps", { volumeShareBps: 20_000 }, 20_000],
  ])("is held to a limit of its own: %s", (_, reducing, most) => {
    const none = {
      maxOrderQuantity: null,
      maxOrderValueMinor: null,
      volumeShareBps: null,
      maxPriceAgeUs: null,
    };
    const ask = (quantity: number) => {
      const config = { ...strict, reducing: { ...none, ...reducing } };
      return last(config, "PRICE_AGE", [...known, held, asked(market(1, -quantity))]).verdict;
    };
    expect([ask(most).outcome, ask(most + 1).outcome]).toEqual(["PASS", "DENY"]);
  });

  test("is held to the age and the session that are told for it", () => {
    const reducing = { maxPriceAgeUs: 5 * SECOND_US, session: true };
    const ask = (afterUs: number) => {
      const config = { maxPriceAgeUs: SECOND_US, session: stale, reducing };
      return last(config, "PRICE_AGE", [...known, held, asked(market(1, -1), afterUs)]).said;
    };
    expect([ask(5 * SECOND_US), ask(5 * SECOND_US + 1)]).toEqual(["PASS #1", "DENY #1 StalePrice"]);
    expect(ask(7 * HOUR_US)).toBe("DENY #1 OutsideSession");
  });

  test("closes by a named person's FlattenPositions at any size, age and hour", () => {
    const flatten = at(NOON_US, "control.commands", command("FlattenPositions"));
    const closing = asked(market(1, -million, { reduceOnly: true }), 9 * HOUR_US);
    const { verdict } = last(strict, "PRICE_AGE", [...known, held, flatten, closing]);
    expect(verdict.outcome).toBe("PASS");
    expect(verdict.checks).toHaveLength(15);
  });

  test.each([
    ["a sale at 0.01", -100, { limitPrice: 1 }, "DENY #1 PriceCollarExceeded"],
    ["a sale 5 % below", -100, { limitPrice: 95_00 }, "PASS #1"],
    ["a sale a cent below that", -100, { limitPrice: 94_99 }, "DENY #1 PriceCollarExceeded"],
    ["a target far above", -100, { limitPrice: 500_00 }, "PASS #1"],
    ["a stop far below", -100, { type: "STOP", limitPrice: null, stopPrice: 10_00 }, "PASS #1"],
    [
      "a stop-limit, its limit 5 % below its stop",
      -100,
      { type: "STOP_LIMIT", stopPrice: 50_00, limitPrice: 47_50 },
      "PASS #1",
    ],
    [
      "a stop-limit, its limit a cent below that",
      -100,
      { type: "STOP_LIMIT", stopPrice: 50_00, limitPrice: 47_49 },
      "DENY #1 PriceCollarExceeded",
    ],
    ["a purchase far above", 100, { limitPrice: 105_01 }, "DENY #1 PriceCollarExceeded"],
  ] as const)(
    "is marked so, and %s is measured where it gives money away",
    (_, quantity, terms, said) => {
      const one = limited(1, quantity, 0, { reduceOnly: true, ...terms } as Partial<Order>);
      const short = at(NOON_US, "portfolio.snapshots", snapshot("A", -quantity, 0n));
      expect(
        last({ priceCollarBps: 500 }, "PRICE_COLLAR", [...known, short, asked(one)]).said,
      ).toBe(said);
    },
  );
});

describe("limits of an instrument", () => {
  const ask = (config: Partial<OrderRiskConfig>, quantity: number) =>
    last(config, "MAX_ORDER_QUANTITY", [...known, asked(market(1, quantity))]).verdict.outcome;
  const most = { maxOrderQuantity: "100" };

  test.each([
    ["its class", { byAssetClass: { EQUITY: { maxOrderQuantity: "10" } } }, 10],
    ["another class", { byAssetClass: { FX: { maxOrderQuantity: "10" } } }, 100],
    ["its symbol", { bySymbol: { A: { maxOrderQuantity: "20" } } }, 20],
    ["another symbol", { bySymbol: { B: { maxOrderQuantity: "20" } } }, 100],
    [
      "its symbol before its class",
      {
        byAssetClass: { EQUITY: { maxOrderQuantity: "10" } },
        bySymbol: { A: { maxOrderQuantity: "20" } },
      },
      20,
    ],
  ] as const)("come by %s", (_, limits, limit) => {
    expect([ask({ ...most, ...limits }, limit), ask({ ...most, ...limits }, limit + 1)]).toEqual([
      "PASS",
      "DENY",
    ]);
  });
});

describe("one order again", () => {
  const config = { duplicateUs: SECOND_US };
  const ask = (other: Order, afterUs: number) =>
    last(config, "DUPLICATE_CONTENT", [...known, asked(market(1, 7)), asked(other, afterUs)]).said;

  test("is refused within its window, and does not latch", () => {
    expect(ask(market(2, 7), SECOND_US - 1)).toBe("DENY #2 DuplicateContent");
    expect(ask(market(2, 7), SECOND_US)).toBe("PASS #2");
    expect(ask(market(2, 8), 1)).toBe("PASS #2");
    expect(ask(market(2, -7), 1)).toBe("PASS #2");
    expect(ask(limited(2, 7, 100_00), 1)).toBe("PASS #2");
    const events = [...known, asked(market(1, 7)), asked(market(2, 7), 1), asked(market(3, 8), 2)];
    expect(last(config, "DUPLICATE_CONTENT", events).said).toBe("PASS #3");
  });
});

test("a single bar is no mean of three: those to come count as without volume", () => {
  const volumeShare = { mostBps: 100, bars: 3 };
  const { made } = last({ volumeShare }, "VOLUME_SHARE", [...known, asked(market(1, 1))]);
  expect(made?.limit).toBe(33);
});

describe("volume that is not told", () => {
  const ask = (assetClass: "EQUITY" | "FX") => {
    const listed = at(NOON_US, "market.instruments", equity("A", { assetClass }));
    const silent = at(NOON_US, "market.bars", bar("A", NOON_US, 100_00, { volume: 0 }));
    const volumeShare = { mostBps: 100, bars: 1 };
    return last({ volumeShare }, "VOLUME_SHARE", [listed, silent, asked(market(1, 1))]).said;
  };

  test("holds foreign exchange to nothing, and refuses anything else", () => {
    expect([ask("FX"), ask("EQUITY")]).toEqual(["PASS #1", "DENY #1 VolumeShareExceeded"]);
  });
});

describe("what an order is worth", () => {
  const valued = (one: Order) =>
    last({ maxOrderValueMinor: 1 }, "MAX_ORDER_VALUE", [...known, asked(one)]).made?.measured;

  test.each([
    ["a purchase at a stop far above", 150, { type: "STOP", stopPrice: 500_00 }, 75_000_00],
    ["a sale at a stop below: the last close", -150, { type: "STOP", stopPrice: 50_00 }, 15_000_00],
    [
      "a stop-limit purchase: its limit",
      150,
      { type: "STOP_LIMIT", stopPrice: 500_00, limitPrice: 510_00 },
      76_500_00,
    ],
    [
      "a trailing stop: where it stands",
      150,
      { type: "TRAILING_STOP", trailOffset: 20_00 },
      18_000_00,
    ],
    ["a trailing stop of 10 %", 150, { type: "TRAILING_STOP", trailBps: 1_000 }, 16_500_00],
  ] as const)("%s", (_, quantity, terms, worth) => {
    expect(valued(market(1, quantity, terms))).toBe(worth);
  });
});

describe("a rate of conversion", () => {
  const pair = { contract: "EXCHANGE", baseCurrency: "EUR", baseScale: 2, priceScale: 4 } as const;
  const events = (ageUs: number): readonly Event[] => [
    at(NOON_US, "market.instruments", equity("A", { currency: "EUR" })),
    at(NOON_US, "market.instruments", equity("EURUSD", pair)),
    at(NOON_US, "market.bars", bar("EURUSD", NOON_US, 1_1000)),
    at(NOON_US + ageUs, "market.bars", bar("A", NOON_US, 100_00)),
    asked(market(1, 1), ageUs),
  ];
  const most = { maxOrderValueMinor: 1_000_000_00 };
  const gateOf = (maxPriceAgeUs: number | null, rateMaxAgeUs?: number) =>
    orderGate(
      { ...allOff, ...most, maxPriceAgeUs },
      rateMaxAgeUs === undefined ? portfolio : { ...portfolio, rateMaxAgeUs },
    );

  test.each([
    ["prices may be", SECOND_US, undefined],
    ["rates may be", null, SECOND_US],
    ["rates may be, whatever prices may", 9 * SECOND_US, SECOND_US],
  ])("is not known where it is older than %s", (_, priceUs, rateUs) => {
    const ask = (ageUs: number) => {
      const all = events(ageUs);
      const found = given(gateOf(priceUs, rateUs), ...all.slice(0, -1)).when(all.at(-1) as Event);
      return found.map(({ value }) => brief(value));
    };
    expect(ask(SECOND_US)).toEqual(["PASS #1"]);
    expect(ask(SECOND_US + 1)).toEqual(["DENY #1 NoReferencePrice"]);
  });
});

describe("buying power of contracts", () => {
  const contract = { contract: "LINEAR", assetClass: "FUTURE" } as const;
  const listed = at(NOON_US, "market.instruments", equity("A", contract));
  const price = (close: number) => at(NOON_US, "market.bars", bar("A", NOON_US, close));
  const tenth = { spotPerMillion: 1_000_000, contractPerMillion: 100_000 };
  const held = (quantity: number, cash: bigint, cost: bigint) =>
    at(NOON_US, "portfolio.snapshots", { ...snapshot("A", quantity, cash), cost });
  const ask = (quantity: number, ...events: readonly Event[]) =>
    last({ buyingPower: true, requirement: tenth }, "BUYING_POWER", [
      listed,
      ...events,
      asked(market(1, quantity)),
    ]);

  test("of 1 million no more than 10 million is carried at a tenth, long and short alike", () => {
    const long = [price(100_00), held(90_000, 1_000_000_00n, 9_000_000_00n)];
    const short = [price(100_00), held(-90_000, 1_000_000_00n, -9_000_000_00n)];
    expect([ask(10_000, ...long).said, ask(10_001, ...long).said]).toEqual([
      "PASS #1",
      "DENY #1 BuyingPowerExceeded",
    ]);
    expect([ask(-10_000, ...short).said, ask(-10_001, ...short).said]).toEqual([
      "PASS #1",
      "DENY #1 BuyingPowerExceeded",
    ]);
    expect(ask(10_000, ...long).made).toMatchObject({ limit: 100_000_00, measured: 100_000_00 });
  });

  test("what has been lost on them is not there to be used", () => {
    const long = [price(99_00), held(90_000, 1_000_000_00n, 9_000_000_00n)];
    // 1,000,000 - 90,000 lost - a tenth of 8,910,000.
    expect(ask(1, ...long).made?.limit).toBe(19_000_00);
  });

  test("without a requirement a contract takes all of its value", () => {
    const events = [listed, price(100_00), held(0, 1_000_000_00n, 0n)];
    const whole = (quantity: number) =>
      last({ buyingPower: true }, "BUYING_POWER", [...events, asked(market(1, quantity))]).said;
    expect([whole(10_000), whole(10_001)]).toEqual(["PASS #1", "DENY #1 BuyingPowerExceeded"]);
  });
});

describe("what a check was measured with", () => {
  const used = (
    config: Partial<OrderRiskConfig>,
    check: OrderCheckName,
    events: readonly Event[],
  ) =>
    last(config, check, events).made?.used.map(
      ({ topic, timeUs }) => `${topic} +${timeUs - NOON_US}`,
    );
  const first = asked(market(1, 7), 1);
  const next = asked(market(2, 7), 2);

  test("is named by topic and time for every check but the clock's", () => {
    const approval = at(NOON_US, "risk.verdicts", passed(["A", 400, 100_00]));
    const position = at(NOON_US, "portfolio.snapshots", snapshot("A", 0, 1_000_000_00n));
    const events = [...known, approval, position, first, next];
    const held = ["portfolio.snapshots +0", "orders +1"];
    expect(used({ messageRate: rate }, "MESSAGE_RATE", events)).toEqual(["orders +1"]);
    expect(used({ orderRate: rate }, "ORDER_RATE", events)).toEqual(["orders +1"]);
    expect(used({ repeats: rate }, "REPEATED_EXECUTION", events)).toEqual(["orders +1"]);
    expect(used({}, "DUPLICATE_ORDER", events)).toEqual(["orders +1"]);
    expect(used({ duplicateUs: 1 }, "DUPLICATE_CONTENT", events)).toEqual(["orders +1"]);
    expect(used({ maxOrderQuantity: "9" }, "MAX_ORDER_QUANTITY", events)).toEqual([
      "market.instruments +0",
    ]);
    expect(used({ approvedOnly: true }, "APPROVED_TARGET", events)).toEqual([
      "risk.verdicts +0",
      ...held,
    ]);
    expect(used({ shortable: {} }, "SHORT_AVAILABILITY", events)).toEqual([
      ...held,
      "market.instruments +0",
    ]);
    expect(used({ session: { openUs: 0, closeUs: DAY_US } }, "SESSION", events)).toEqual([]);
  });

  test("names the bars of the other positions and of the pair, in buying power", () => {
    const later = (us: number, ...[topic, value]: readonly [string, unknown]) =>
      ({ ...at(NOON_US + us, topic as "market.bars", value as never) }) as Event;
    const pair = {
      contract: "EXCHANGE",
      baseCurrency: "EUR",
      baseScale: 2,
      priceScale: 4,
    } as const;
    const events = [
      at(NOON_US, "market.instruments", equity("B")),
      at(NOON_US, "market.instruments", equity("EURUSD", pair)),
      at(NOON_US, "market.instruments", equity("A", { currency: "EUR" })),
      later(1, "market.bars", bar("B", NOON_US, 50_00)),
      later(2, "market.bars", bar("EURUSD", NOON_US, 1_1000)),
      later(3, "market.bars", bar("A", NOON_US, 100_00)),
      later(4, "portfolio.snapshots", snapshot("B", -10, 1_000_000_00n)),
      asked(market(1, 7), 5),
    ];
    expect(used({ buyingPower: true }, "BUYING_POWER", events)).toEqual([
      "market.bars +1",
      "market.bars +3",
      "market.bars +2",
      "market.instruments +0",
      "portfolio.snapshots +4",
    ]);
  });

  test("names the execution that tripped the gate", () => {
    const stray = at(NOON_US + 1, "fills", filled(9, "A", 5, 1, { execId: 1, cumQuantity: 5 }));
    const { verdict } = last({}, "LATCH", [...known, stray, asked(market(1, 1), 2)]);
    expect(verdict.checks.find(({ check }) => check === "LATCH")?.used).toEqual([
      { topic: "fills", timeUs: NOON_US + 1 },
    ]);
  });
});

describe("what is not known", () => {
  test.each([
    ["priceCollarBps", { priceCollarBps: 100 }, "NoReferencePrice"],
    ["maxOrderValueMinor", { maxOrderValueMinor: 1 }, "NoReferencePrice"],
    ["maxOrderQuantity", { maxOrderQuantity: "100" }, "MaxOrderQuantityExceeded"],
    ["volumeShare", { volumeShare: { mostBps: 10_000, bars: 2 } }, "VolumeShareExceeded"],
    ["maxPriceAgeUs", { maxPriceAgeUs: 1 }, "StalePrice"],
    ["approvedOnly", { approvedOnly: true }, "NotApproved"],
    ["buyingPower", { buyingPower: true }, "NoReferencePrice"],
  ])("%s refuses an order of a symbol that nothing was heard of", (_, config, reason) => {
    const [verdict] = given(gateWith(config)).when(asked(order(1, "B", 1)));
    expect(verdict?.value).toMatchObject({ outcome: "DENY", reason });
  });

  test("a limit in units of the instrument is taken at its scale", () => {
    const listed = at(NOON_US, "market.instruments", equity("A", { quantityScale: 3 }));
    const most = { maxOrderQuantity: "0.25" };
    const ask = (quantity: number) =>
      last(most, "MAX_ORDER_QUANTITY", [listed, asked(market(1, quantity))]).said;
    expect([ask(250), ask(251)]).toEqual(["PASS #1", "DENY #1 MaxOrderQuantityExceeded"]);
  });

  test("what another currency is worth is known by the last close of a pair of the two, or not", () => {
    const listed = at(NOON_US, "market.instruments", equity("A", { currency: "EUR" }));
    const price = at(NOON_US, "market.bars", bar("A", NOON_US, 100_00));
    const pair = equity("EURUSD", {
      contract: "EXCHANGE",
      baseCurrency: "EUR",
      baseScale: 2,
      priceScale: 4,
    });
    const rate: readonly Event[] = [
      at(NOON_US, "market.instruments", pair),
      at(NOON_US, "market.bars", bar("EURUSD", NOON_US, 1_1000)),
    ];
    const cash = (minor: bigint) => at(NOON_US, "portfolio.snapshots", snapshot("", 0, minor));
    const ask = (...known: readonly Event[]) =>
      last({ buyingPower: true }, "BUYING_POWER", [listed, price, ...known, asked(market(1, 1))])
        .said;
    expect(ask(cash(1_000_000n))).toBe("DENY #1 NoReferencePrice");
    expect(ask(...rate, cash(110_00n))).toBe("PASS #1");
    expect(ask(...rate, cash(109_99n))).toBe("DENY #1 BuyingPowerExceeded");
  });

  test("an inverse contract is worth more where its price is lower", () => {
    const contract = { contract: "INVERSE", currency: "USD" } as const;
    const listed = at(NOON_US, "market.instruments", equity("A", contract));
    const price = at(NOON_US, "market.bars", bar("A", NOON_US, 50_00));
    const most = (maxOrderValueMinor: number) =>
      last({ maxOrderValueMinor }, "MAX_ORDER_VALUE", [
        listed,
        price,
        asked(limited(1, 5_000, 100_00)),
      ]).said;
    expect([most(100_00), most(99_99)]).toEqual(["PASS #1", "DENY #1 MaxOrderValueExceeded"]);
  });
});

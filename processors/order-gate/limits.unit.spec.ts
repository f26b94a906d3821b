// Every limit of the order gate at one less, at the limit itself, and at one more.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Order } from "../../schemas/generated/orders.ts";
import type { OrderCheckName } from "../../schemas/generated/risk.order-verdicts.ts";
import type { EventOf } from "../../streams/event.ts";
import { bar, order, passed } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import type { OrderRiskConfig } from "../risk-config.ts";
import { brief, gateWith, snapshot } from "./testing/gate-facts.ts";

type Event = EventOf<
  "orders" | "risk.verdicts" | "portfolio.snapshots" | "market.bars" | "market.instruments"
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
  const verdict = found.at(-1)?.value;
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
    events: (more) => [...known, asked(market(1, 100 + more))],
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
    // Cancels count, though none is refused.
    events: (more) => [
      ...known,
      asked(market(1, 1)),
      ...burst(3 + more, () => market(1, 1, { action: "CANCEL" })),
      asked(market(2, 2), 10),
    ],
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
